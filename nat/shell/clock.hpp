#pragma once

#include <chrono>

#include "stile/base/instant.hpp"

namespace stile::nat::shell {

inline Instant read_clock() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return Instant(std::chrono::duration_cast<Duration>(since_boot));
}

}  // namespace stile::nat::shell
