#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <utility>

#include "control/socket_address.hpp"
#include "stile/base/address.hpp"

namespace stile::server {

/// An open file descriptor, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

using control::SocketAddress;

enum class Sharing : unsigned char {
  alone,
  port
};  ///< `port`: SO_REUSEPORT, for the other workers

/// Non-blocking sockets bound to exactly this address; IPv6 ones take no IPv4. The error is an
/// errno.
std::expected<Descriptor, int> open_udp(const TransportAddress& local, Sharing sharing,
                                        int buffer_bytes);
std::expected<Descriptor, int> open_tcp_listener(const TransportAddress& local, Sharing sharing);
/// A listener alone at its address, from which connections can be made as well; and one of these,
/// on its way.
std::expected<Descriptor, int> open_relay_listener(const TransportAddress& local);
std::expected<Descriptor, int> connect_tcp(int relay_listener, const TransportAddress& peer);
/// Datagrams that have come to the socket and been lost because the kernel had no room for them.
std::uint64_t lost_datagrams(int fd);
/// What has become of a connection on its way: an errno, or 0.
int take_error(int fd);

}  // namespace stile::server
