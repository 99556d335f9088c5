#include "client/commands/server_address.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "stile/asio/endpoint.hpp"
#include "stile/asio/server_finder.hpp"

namespace stile {

turn::ServerUri stun_uri(const std::string& text) {
  const std::string host = text.starts_with("stun:") ? text.substr(5) : text;
  const bool is_bare_v6 = !host.starts_with('[') && IpAddress::parse(host);
  const auto uri = turn::ServerUri::parse(
      "stun:" + (is_bare_v6 && host.find(':') != host.npos ? "[" + host + "]" : host));
  if (!uri) throw CommandError("'" + text + "' is not HOST, HOST:PORT or [IPV6]:PORT");
  return *uri;
}

std::vector<TransportAddress> resolve_server(const std::string& text) {
  std::vector<TransportAddress> addresses;
  for (const turn::ServerPlace& place : find_places(stun_uri(text)))
    addresses.push_back(place.address);
  return addresses;
}

std::vector<turn::ServerPlace> find_places(const turn::ServerUri& uri) {
  boost::asio::io_context context;
  ServerFinder finder(context.get_executor());
  std::vector<turn::ServerPlace> places;
  finder.find(uri, [&](std::vector<turn::ServerPlace> found) {
    places = std::move(found);
    context.stop();  // what else was asked does not matter
  });
  context.run();
  if (places.empty())
    throw CommandError("cannot find the server '" + uri.host +
                       "'; check the name, or give an IP address");
  return places;
}

std::vector<TransportAddress> resolve_host(boost::asio::any_io_executor executor,
                                           const std::string& host, std::uint16_t port) {
  boost::asio::ip::udp::resolver resolver(executor);
  boost::system::error_code error;
  const auto results = resolver.resolve(host, std::to_string(port),
                                        boost::asio::ip::resolver_base::numeric_service, error);
  if (error)
    throw CommandError("cannot find the server '" + host + "' (" + error.message() +
                       "); check the name, or give an IP address");
  std::vector<TransportAddress> addresses;
  for (const auto& result : results) addresses.push_back(from_asio(result.endpoint()));
  std::ranges::stable_sort(addresses, {}, &TransportAddress::family);
  return addresses;
}

turn::ServerUri turn_uri(const std::string& text) {
  const auto uri = turn::ServerUri::parse(text);
  if (!uri) throw CommandError(uri.error());
  if (!uri->relays)
    throw CommandError("'" + text +
                       "' names a STUN server; a TURN server is turn:HOST or turns:HOST");
  return *uri;
}

CommandError does_not_answer(const TransportAddress& server, const char* transport) {
  return CommandError(server.to_string() + " does not answer over " + transport +
                      "; check the address and port, and that a firewall lets it through");
}

CommandError no_route(const TransportAddress& server, const std::string& reason) {
  return CommandError("no way to " + server.to_string() + ": " + reason +
                      "; check this host's addresses and routes");
}

}  // namespace stile
