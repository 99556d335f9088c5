#pragma once

#include <compare>
#include <cstdint>

#include "nat/core/protocol.hpp"
#include "stile/base/address.hpp"

namespace stile::nat {

/// An IPv4 transport address as the tables hold it, in host order. For ICMP the port is the query
/// identifier, and 0 for the remote side.
struct Endpoint {
  std::uint32_t address = 0;
  std::uint16_t port = 0;
  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// An endpoint without the two bytes that align it, for records.
struct [[gnu::packed, gnu::aligned(2)]] StoredEndpoint {
  std::uint32_t address = 0;
  std::uint16_t port = 0;

  constexpr StoredEndpoint() = default;
  constexpr StoredEndpoint(const Endpoint& endpoint)
      : address(endpoint.address), port(endpoint.port) {}
  constexpr operator Endpoint() const { return {address, port}; }
};

constexpr TransportAddress to_public(const Endpoint& endpoint) {
  return {IpAddress::v4(endpoint.address), endpoint.port};
}

}  // namespace stile::nat
