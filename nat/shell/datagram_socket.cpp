#include "nat/shell/datagram_socket.hpp"

#include <sys/socket.h>

#include "control/socket_address.hpp"

namespace stile::nat::shell {

Descriptor connected_datagram_socket(const TransportAddress& to) {
  const control::SocketAddress address(to);
  Descriptor fd(::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd && ::connect(fd.get(), address.get(), address.length) != 0) return Descriptor();
  return fd;
}

}  // namespace stile::nat::shell
