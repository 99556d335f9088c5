#include "nat/shell/pinhole_control.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

const TransportAddress all_nodes{*IpAddress::parse("ff02::1"), portmap::announcement_port};
/// So that a flood of requests leaves time for packets.
constexpr int requests_at_once = 64;

sockaddr_in6 to_sockaddr(const TransportAddress& address, int interface) {
  sockaddr_in6 raw{};
  raw.sin6_family = AF_INET6;
  raw.sin6_port = htons(address.port);
  std::ranges::copy(address.ip.v6_bytes(), raw.sin6_addr.s6_addr);
  if (address.ip.is_multicast()) raw.sin6_scope_id = static_cast<std::uint32_t>(interface);
  return raw;
}

/// It hears the inside interface only (RFC 6887 §8.2). An address that has just been given is not
/// the host's own yet while duplicates of it are looked for (RFC 4862 §5.4).
Descriptor open_socket(const Interface& inside, const IpAddress& address) {
  Descriptor socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int off = 0;
  const int on = 1;
  const bool is_set =
      socket &&
      ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, inside.name.c_str(),
                   static_cast<socklen_t>(inside.name.size())) == 0 &&
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on) == 0 &&
      ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof off) == 0;
  if (!is_set) throw Problem(with_errno("opening the socket for PCP"));
  const TransportAddress local{address, portmap::server_port};
  const sockaddr_in6 raw = to_sockaddr(local, inside.index);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&raw), sizeof raw) != 0)
    throw Problem(with_errno("binding " + local.to_string() + " for PCP (or give --no-pcp)"));
  return socket;
}

}  // namespace

PinholeControl::PinholeControl(const portmap::Config& config, const Interface& inside,
                               Firewall& firewall, Instant now)
    : interface_(inside.index),
      socket_(open_socket(inside, firewall.config().inside_address)),
      server_(config, firewall, now) {}

void PinholeControl::handle_ready(Instant now) {
  std::array<std::uint8_t, 2048> buffer;
  for (int i = 0; i < requests_at_once; ++i) {
    sockaddr_in6 from{};
    socklen_t size = sizeof from;
    const ssize_t length = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0,
                                      reinterpret_cast<sockaddr*>(&from), &size);
    if (length < 0) return;
    const TransportAddress client{*IpAddress::from_bytes(from.sin6_addr.s6_addr),
                                  ntohs(from.sin6_port)};
    const Bytes datagram(buffer.data(), static_cast<std::size_t>(length));
    if (const auto answer = server_.handle_datagram(now, client, datagram)) send(*answer, client);
  }
}

void PinholeControl::handle_due(Instant now) {
  server_.handle_timeout(now);
  while (const auto announcement = server_.poll_announcement()) send(*announcement, all_nodes);
}

/// What is lost is asked for again.
void PinholeControl::send(Bytes datagram, const TransportAddress& to) {
  const sockaddr_in6 address = to_sockaddr(to, interface_);
  static_cast<void>(::sendto(socket_.get(), datagram.data(), datagram.size(), 0,
                             reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

}  // namespace stile::nat::shell
