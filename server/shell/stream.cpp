#include "server/shell/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace stile::server {

namespace {

constexpr int unsent_in_kernel = 64 * 1024;          ///< bytes; more would only grow old there
constexpr int unacknowledged_milliseconds = 60'000;  ///< then the client is gone
constexpr int silence_seconds = 120;                 ///< then TCP asks whether it is still there

void set(int fd, int option, int value) {
  setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
}

bool may_try_again() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

Stream::Stream(Descriptor socket) : socket_(std::move(socket)) {
  set(fd(), TCP_NODELAY, 1);
  set(fd(), TCP_NOTSENT_LOWAT, unsent_in_kernel);
  set(fd(), TCP_USER_TIMEOUT, unacknowledged_milliseconds);
}

std::optional<std::size_t> Stream::read(MutableBytes into, std::size_t most) {
  if (tls_ && tls_->has_ended()) return std::nullopt;
  const std::size_t room = std::min(most, longest_read);
  const MutableBytes wire = tls_ ? into.last(room) : into.first(room);
  const ssize_t count = recv(fd(), wire.data(), wire.size(), MSG_DONTWAIT);
  if (count == 0) {
    has_ended_ = true;
    return std::nullopt;
  }
  if (count < 0) return may_try_again() ? std::optional<std::size_t>(0) : std::nullopt;
  const auto size = static_cast<std::size_t>(count);
  return tls_ ? receive_tls(wire.first(size), into.first(into.size() - room)) : size;
}

std::optional<std::size_t> Stream::start_tls(SSL_CTX* context, Bytes early, MutableBytes into) {
  tls_ = std::make_unique<TlsSession>(context);
  return receive_tls(early, into);
}

std::optional<std::size_t> Stream::receive_tls(Bytes wire, MutableBytes into) {
  const auto count = tls_->receive(wire, into, [this](Bytes bytes) { write_wire(bytes); });
  has_ended_ = tls_->has_ended();
  return count;
}

void Stream::write(Bytes bytes) {
  if (!tls_) return write_wire(bytes);
  tls_->send(bytes, [this](Bytes wire) { write_wire(wire); });
}

void Stream::write_wire(Bytes bytes) {
  if (unsent() == 0) {
    const ssize_t count = send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
}

bool Stream::write_on() {
  while (unsent() > 0) {
    const ssize_t count = send(fd(), unsent_.data() + sent_, unsent(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) return may_try_again();
    sent_ += static_cast<std::size_t>(count);
  }
  unsent_ = ByteVector();
  sent_ = 0;
  if (finishing_) end_writing();
  return true;
}

void Stream::finish() {
  if (finishing_) return;
  finishing_ = true;
  if (tls_) tls_->close([this](Bytes bytes) { write_wire(bytes); });
  if (unsent() == 0) end_writing();
}

void Stream::reset() {
  const linger at_once{1, 0};
  setsockopt(fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Stream::may_pause() {
  set(fd(), TCP_USER_TIMEOUT, 0);
  set(fd(), TCP_KEEPIDLE, silence_seconds);
  set(fd(), TCP_KEEPINTVL, silence_seconds / 4);
  const int on = 1;
  setsockopt(fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

void Stream::end_writing() {
  shutdown(fd(), SHUT_WR);
}

}  // namespace stile::server
