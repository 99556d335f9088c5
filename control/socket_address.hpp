#pragma once

#include <sys/socket.h>

#include "stile/base/address.hpp"

namespace stile::control {

/// A transport address as the kernel takes it, and gives it.
struct SocketAddress {
  SocketAddress() = default;
  /// `interface`: the index of that which an IPv6 multicast goes out by.
  explicit SocketAddress(const TransportAddress& address, int interface = 0);

  /// Of IPv4 or IPv6.
  explicit SocketAddress(const sockaddr& address);

  TransportAddress transport_address() const;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t length = sizeof(sockaddr_storage);
};

}  // namespace stile::control
