#include "nat/shell/inside_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "control/socket_address.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

template <class Value>
bool set(const Descriptor& socket, int level, int option, const Value& value) {
  return ::setsockopt(socket.get(), level, option, &value, sizeof value) == 0;
}

bool set_multicast_ipv4(const Descriptor& socket, const Interface& inside) {
  ip_mreqn multicast{};
  multicast.imr_ifindex = inside.index;
  return set(socket, IPPROTO_IP, IP_MULTICAST_IF, multicast) &&
         set(socket, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
}

bool set_multicast_ipv6(const Descriptor& socket, const Interface& inside) {
  return set(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, inside.index) &&
         set(socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
}

bool set_up(const Descriptor& socket, int type, Sharing sharing, const Interface& inside,
            Family family) {
  const bool is_v4 = family == Family::ipv4;
  return ::setsockopt(socket.get(), SOL_SOCKET, SO_BINDTODEVICE, inside.name.c_str(),
                      static_cast<socklen_t>(inside.name.size())) == 0 &&
         set(socket, SOL_SOCKET, SO_REUSEADDR, sharing == Sharing::with_others ? 1 : 0) &&
         // An address that has just been given is not the host's own yet while duplicates of it are
         // looked for (RFC 4862 §5.4).
         (is_v4 || set(socket, IPPROTO_IPV6, IPV6_FREEBIND, 1)) &&
         (type != SOCK_DGRAM ||
          (is_v4 ? set_multicast_ipv4(socket, inside) : set_multicast_ipv6(socket, inside)));
}

}  // namespace

Descriptor open_inside_socket(int type, Sharing sharing, const Interface& inside,
                              const TransportAddress& local, const std::string& purpose) {
  Descriptor socket(
      ::socket(local.ip.is_v4() ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket || !set_up(socket, type, sharing, inside, local.family()))
    throw Problem(with_errno("opening the socket for " + purpose));
  const control::SocketAddress address(local);
  if (::bind(socket.get(), address.get(), address.length) != 0)
    throw Problem(with_errno("binding " + local.to_string() + " for " + purpose));
  return socket;
}

}  // namespace stile::nat::shell
