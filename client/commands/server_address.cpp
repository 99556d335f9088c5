#include "client/commands/server_address.hpp"

#include <algorithm>
#include <boost/asio/ip/udp.hpp>
#include <charconv>

#include "stile/asio/endpoint.hpp"

namespace stile {

namespace {

struct HostAndPort {
  std::string host;
  std::string port = "3478";  // RFC 8489 §8.1
};

std::optional<HostAndPort> split(const std::string& text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    if (end + 1 == text.size()) return HostAndPort{text.substr(1, end - 1)};
    if (text[end + 1] != ':') return std::nullopt;
    return HostAndPort{text.substr(1, end - 1), text.substr(end + 2)};
  }
  const auto colon = text.find(':');
  const bool bare_v6 = colon != text.npos && text.find(':', colon + 1) != text.npos;
  if (colon == text.npos || bare_v6) return HostAndPort{text};
  return HostAndPort{text.substr(0, colon), text.substr(colon + 1)};
}

bool is_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

std::vector<TransportAddress> resolve_server(boost::asio::any_io_executor executor,
                                             const std::string& text) {
  const auto place = split(text.starts_with("stun:") ? text.substr(5) : text);
  if (!place || place->host.empty() || !is_port(place->port))
    throw CommandError("'" + text + "' is not HOST, HOST:PORT or [IPV6]:PORT");
  return resolve_host(executor, place->host, static_cast<std::uint16_t>(std::stoi(place->port)));
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
