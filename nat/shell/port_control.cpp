#include "nat/shell/port_control.hpp"

#include <sys/socket.h>

#include <array>

#include "nat/shell/inside_socket.hpp"

namespace stile::nat::shell {

namespace {

constexpr TransportAddress all_hosts{IpAddress::v4(224, 0, 0, 1), portmap::announcement_port};
/// So that a flood of requests leaves time for packets.
constexpr int requests_at_once = 64;

}  // namespace

PortControl::PortControl(const portmap::Config& config, const Interface& inside, Nat& nat,
                         Instant now)
    : address_(inside.addresses.front()),
      socket_(open_inside_socket(SOCK_DGRAM, Sharing::alone, inside,
                                 {address_, portmap::server_port},
                                 "PCP and NAT-PMP (or give --no-pcp --no-nat-pmp)")),
      server_(config, nat, now) {}

void PortControl::handle_ready(Instant now) {
  std::array<std::uint8_t, 2048> buffer;
  for (int i = 0; i < requests_at_once; ++i) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t length = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0,
                                      reinterpret_cast<sockaddr*>(&from), &size);
    if (length < 0) return;
    const TransportAddress client = from_sockaddr(from);
    const Bytes datagram(buffer.data(), static_cast<std::size_t>(length));
    if (const auto answer = server_.handle_datagram(now, client, datagram)) send(*answer, client);
  }
}

void PortControl::handle_due(Instant now) {
  server_.handle_timeout(now);
  while (const auto announcement = server_.poll_announcement()) send(*announcement, all_hosts);
}

/// What is lost is asked for again.
void PortControl::send(Bytes datagram, const TransportAddress& to) {
  const sockaddr_in address = to_sockaddr(to);
  static_cast<void>(::sendto(socket_.get(), datagram.data(), datagram.size(), 0,
                             reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

}  // namespace stile::nat::shell
