#pragma once

#include <cstdint>

#include "nat/core/endpoint.hpp"
#include "stile/base/random.hpp"

namespace stile::nat {

/// Two words that name a flow, half a flow, a host or a datagram.
struct FlowKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  friend constexpr bool operator==(const FlowKey&, const FlowKey&) = default;
};

constexpr FlowKey flow_key(Protocol protocol, Endpoint ours, Endpoint remote = {}) {
  return {std::uint64_t{ours.address} << 32 | std::uint64_t{ours.port} << 16 |
              static_cast<std::uint8_t>(protocol),
          std::uint64_t{remote.address} << 16 | remote.port};
}

constexpr Protocol protocol_of(const FlowKey& key) {
  return static_cast<Protocol>(key.first & 0xff);
}
/// Of whatever remote endpoint.
constexpr FlowKey half_of(const FlowKey& key) {
  return {key.first, 0};
}

/// Keyed, so that a sender cannot choose flows that collide.
class FlowHash {
 public:
  explicit FlowHash(Random& random) : seed_{random.u64(), random.u64() | 1} {}

  std::uint32_t operator()(const FlowKey& key) const {
    const std::uint64_t mixed = folded(key.first ^ seed_[0], key.second + seed_[1]);
    return static_cast<std::uint32_t>(folded(mixed ^ seed_[1], 0x9e3779b97f4a7c15u) >> 32);
  }

 private:
  /// Both halves of the product.
  static std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  std::uint64_t seed_[2];
};

}  // namespace stile::nat
