#include "server/shell/acceptor.hpp"

#include <fcntl.h>

#include <cerrno>

namespace stile::server {

namespace {

Descriptor open_spare() {
  return Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/// Of one connection, not of the listener (accept(2)).
bool concerns_connection(int error) {
  return error != EAGAIN && error != EWOULDBLOCK && error != EINVAL;
}

}  // namespace

Acceptor::Acceptor() : spare_(open_spare()) {}

std::optional<Acceptor::Accepted> Acceptor::accept(int listener) {
  SocketAddress from;
  Descriptor socket(accept4(listener, reinterpret_cast<sockaddr*>(&from.storage), &from.length,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) return Accepted{std::move(socket), from.transport_address()};
  if (!concerns_connection(errno)) return std::nullopt;
  if (errno == EMFILE || errno == ENFILE) refuse(listener);
  return Accepted{Descriptor(), {}};
}

void Acceptor::refuse(int listener) {
  spare_ = Descriptor();
  const Descriptor refused(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  spare_ = open_spare();
}

}  // namespace stile::server
