#pragma once

#include <cstdint>
#include <vector>

#include "stile/base/instant.hpp"

namespace stile::nat {

/// An inside address that has mappings: the "subscriber" of RFC 6888 §2. It lives as long as one of
/// them.
struct Subscriber {
  std::uint32_t address = 0;
  std::uint32_t mappings = 0;
  std::uint32_t sessions = 0;
  std::uint32_t explicit_mappings = 0;  ///< of `mappings`
  Instant paid_until{};  ///< when its new mappings so far would be due at the allowed rate
  std::size_t external =
      0;  ///< index of its external address when pooling is paired, and of its blocks
  std::vector<std::uint16_t> blocks;
};

}  // namespace stile::nat
