#include "nat/shell/port_control.hpp"

#include <sys/socket.h>

#include <array>

#include "control/socket_address.hpp"
#include "nat/shell/inside_socket.hpp"

namespace stile::nat::shell {

namespace {

const IpAddress all_ipv4_hosts = IpAddress::v4(224, 0, 0, 1);
const IpAddress all_ipv6_nodes = *IpAddress::parse("ff02::1");
/// So that a flood of requests leaves time for packets.
constexpr int requests_at_once = 64;

}  // namespace

PortControl::PortControl(const Interface& inside, const IpAddress& address,
                         const std::string& purpose, std::unique_ptr<portmap::PcpServer> server)
    : interface_(inside.index),
      all_hosts_{address.is_v4() ? all_ipv4_hosts : all_ipv6_nodes, portmap::announcement_port},
      socket_(open_inside_socket(SOCK_DGRAM, Sharing::alone, inside,
                                 {address, portmap::server_port}, purpose)),
      server_(std::move(server)) {}

void PortControl::handle_ready(Instant now) {
  std::array<std::uint8_t, 2048> buffer;
  for (int i = 0; i < requests_at_once; ++i) {
    control::SocketAddress from;
    const ssize_t length =
        ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, from.get(), &from.length);
    if (length < 0) return;
    const TransportAddress client = from.transport_address();
    const Bytes datagram(buffer.data(), static_cast<std::size_t>(length));
    if (const auto answer = server_->handle_datagram(now, client, datagram)) send(*answer, client);
  }
}

void PortControl::handle_due(Instant now) {
  server_->handle_timeout(now);
  while (const auto announcement = server_->poll_announcement()) send(*announcement, all_hosts_);
}

/// What is lost is asked for again.
void PortControl::send(Bytes datagram, const TransportAddress& to) {
  const control::SocketAddress address(to, interface_);
  static_cast<void>(
      ::sendto(socket_.get(), datagram.data(), datagram.size(), 0, address.get(), address.length));
}

}  // namespace stile::nat::shell
