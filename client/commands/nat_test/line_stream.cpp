#include "client/commands/nat_test/line_stream.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "client/commands/run.hpp"

namespace stile::nat_test {

namespace {

TransportAddress from_sockaddr(const sockaddr_in& raw) {
  return {IpAddress::v4(ntohl(raw.sin_addr.s_addr)), ntohs(raw.sin_port)};
}

}  // namespace

LineStream LineStream::connect(const TransportAddress& to) {
  control::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  timeval patience{10, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(to.port);
  address.sin_addr.s_addr = htonl(to.ip.v4_bits());
  if (!socket ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw CommandError("no agent at " + to.to_string() + ": " + std::strerror(errno));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return LineStream(std::move(socket));
}

TransportAddress LineStream::local() const {
  sockaddr_in raw{};
  socklen_t size = sizeof raw;
  ::getsockname(fd(), reinterpret_cast<sockaddr*>(&raw), &size);
  return from_sockaddr(raw);
}

TransportAddress LineStream::remote() const {
  sockaddr_in raw{};
  socklen_t size = sizeof raw;
  ::getpeername(fd(), reinterpret_cast<sockaddr*>(&raw), &size);
  return from_sockaddr(raw);
}

bool LineStream::write(const std::string& line) {
  const std::string text = line + "\n";
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t sent = ::send(fd(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool LineStream::fill() {
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t length = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    if (length == 0) return false;
    input_.append(buffer.data(), static_cast<std::size_t>(length));
    if (input_.find('\n') == input_.npos && input_.size() > longest_line) return false;
    if (static_cast<std::size_t>(length) < buffer.size()) return true;
  }
}

std::optional<std::string> LineStream::next() {
  const auto end = input_.find('\n');
  if (end == input_.npos) return std::nullopt;
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

std::string to_hex(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::optional<ByteVector> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  ByteVector bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char* const at = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(at, at + 2, bytes[i], 16);
    if (error != std::errc{} || end != at + 2) return std::nullopt;
  }
  return bytes;
}

}  // namespace stile::nat_test
