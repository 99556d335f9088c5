#pragma once

#include <chrono>

#include "stile/base/instant.hpp"

namespace stile::server {

/// Where the server reads its clocks.
inline Instant steady_now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}
inline UnixSeconds wall_now() {
  return {std::chrono::duration_cast<std::chrono::seconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

}  // namespace stile::server
