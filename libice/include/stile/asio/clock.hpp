#pragma once

#include <chrono>

#include "stile/base/instant.hpp"

namespace stile {

/// The one place where a driver reads the monotonic clock for a core.
inline Instant instant_now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}
/// For a timer that is to fire when a core asked to be woken.
inline std::chrono::steady_clock::time_point steady_time(Instant instant) {
  return std::chrono::steady_clock::time_point(instant.time_since_epoch());
}
/// The reverse of steady_time().
inline Instant instant_of(std::chrono::steady_clock::time_point time) {
  return Instant(std::chrono::ceil<Duration>(time.time_since_epoch()));
}

}  // namespace stile
