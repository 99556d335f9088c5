#include "nat/shell/datagram_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace stile::nat::shell {

namespace {

int connect_to(int fd, const TransportAddress& to) {
  if (to.ip.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    address.sin_addr.s_addr = htonl(to.ip.v4_bits());
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(to.port);
  std::ranges::copy(to.ip.v6_bytes(), address.sin6_addr.s6_addr);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace

Descriptor connected_datagram_socket(const TransportAddress& to) {
  Descriptor fd(
      ::socket(to.ip.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd && connect_to(fd.get(), to) != 0) return Descriptor();
  return fd;
}

}  // namespace stile::nat::shell
