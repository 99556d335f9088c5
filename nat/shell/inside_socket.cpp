#include "nat/shell/inside_socket.hpp"

#include <sys/socket.h>

#include <cerrno>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

sockaddr_in to_sockaddr(const TransportAddress& address) {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_port = htons(address.port);
  raw.sin_addr.s_addr = htonl(address.ip.v4_bits());
  return raw;
}

TransportAddress from_sockaddr(const sockaddr_in& address) {
  return {IpAddress::v4(ntohl(address.sin_addr.s_addr)), ntohs(address.sin_port)};
}

Descriptor open_inside_socket(int type, Sharing sharing, const Interface& inside,
                              const TransportAddress& local, const std::string& purpose) {
  Descriptor socket(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int shared = sharing == Sharing::with_others ? 1 : 0;
  const int off = 0;
  ip_mreqn multicast{};
  multicast.imr_ifindex = inside.index;
  const bool is_set =
      socket &&
      ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, inside.name.c_str(),
                   static_cast<socklen_t>(inside.name.size())) == 0 &&
      ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &shared, sizeof shared) == 0 &&
      (type != SOCK_DGRAM ||
       (::setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_IF, &multicast, sizeof multicast) ==
            0 &&
        ::setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof off) == 0));
  if (!is_set) throw Problem(with_errno("opening the socket for " + purpose));
  const sockaddr_in address = to_sockaddr(local);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Problem(with_errno("binding " + local.to_string() + " for " + purpose));
  return socket;
}

}  // namespace stile::nat::shell
