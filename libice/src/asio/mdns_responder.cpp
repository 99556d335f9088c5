#include "asio/mdns_responder.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/multicast.hpp>
#include <boost/asio/ip/udp.hpp>

#include "asio/port_reuse.hpp"
#include "stile/asio/endpoint.hpp"
#include "stile/mdns/message.hpp"

namespace stile {

namespace {
using boost::asio::ip::udp;
namespace multicast = boost::asio::ip::multicast;
}  // namespace

/// An address of ours, its name, and the socket that hears who asks for it.
struct MdnsResponder::Link : std::enable_shared_from_this<Link> {
  Link(const boost::asio::any_io_executor& executor, std::string own_name, const IpAddress& own)
      : name(std::move(own_name)), address(own), socket(executor) {}

  /// False if it cannot be: then the name stays unknown, and the other candidates are left.
  bool open() {
    const auto local = to_asio(address).to_v4();
    boost::system::error_code error;
    socket.open(udp::v4(), error);
    if (!error) socket.set_option(boost::asio::socket_base::reuse_address(true), error);
    if (!error) reuse_port(socket, error);
    // The group's address: unicasts to the port are for the system's daemon.
    if (!error) socket.bind(to_asio(mdns::group), error);
    if (!error)
      socket.set_option(multicast::join_group(to_asio(mdns::group.ip).to_v4(), local), error);
    if (!error) socket.set_option(multicast::outbound_interface(local), error);
    if (!error) socket.set_option(multicast::hops(255), error);  // RFC 6762 §11
    if (error) return false;
    receive();
    return true;
  }

  void receive() {
    socket.async_receive_from(
        boost::asio::buffer(input), from,
        [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
          if (self->over) return;
          if (!error) self->answer(Bytes(self->input).first(size));
          self->receive();
        });
  }

  void answer(Bytes message) {
    const mdns::Query query = mdns::query_in(message);
    if (std::ranges::find(query.names, name) == query.names.end()) return;
    const bool legacy = from.port() != mdns::group.port;
    const ByteVector response =
        mdns::address_response(name, address, legacy ? std::optional(query.id) : std::nullopt);
    const bool unicast = legacy || query.unicast;
    boost::system::error_code ignored;
    socket.send_to(boost::asio::buffer(response), unicast ? from : to_asio(mdns::group), 0,
                   ignored);
  }

  void close() {
    over = true;
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  std::string name;
  IpAddress address;
  udp::socket socket;
  udp::endpoint from;
  std::array<std::uint8_t, 1500> input{};
  bool over = false;
};

MdnsResponder::~MdnsResponder() {
  for (const auto& [address, link] : links_) link->close();
}

void MdnsResponder::answer_for(const std::string& name, const IpAddress& address) {
  if (!address.is_v4() || links_.contains(address)) return;
  const auto link = std::make_shared<Link>(executor_, name, address);
  if (!link->open()) return link->close();
  links_.emplace(address, link);
  if (on_descriptor) on_descriptor(static_cast<int>(link->socket.native_handle()));
}

}  // namespace stile
