#include "control/socket_address.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace stile::control {

SocketAddress::SocketAddress(const TransportAddress& address, int interface) {
  if (address.ip.is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    v4.sin_addr.s_addr = htonl(address.ip.v4_bits());
    length = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_scope_id = static_cast<std::uint32_t>(interface);
    std::ranges::copy(address.ip.v6_bytes(), v6.sin6_addr.s6_addr);
    length = sizeof v6;
  }
}

SocketAddress::SocketAddress(const sockaddr& address)
    : length(address.sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)) {
  std::memcpy(&storage, &address, length);
}

TransportAddress SocketAddress::transport_address() const {
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    return {IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  std::array<std::uint8_t, 16> bytes;
  std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
  return {IpAddress::v6(bytes), ntohs(v6.sin6_port)};
}

}  // namespace stile::control
