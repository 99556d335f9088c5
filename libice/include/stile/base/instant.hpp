#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace stile {

/// The clock of the cores. It has no now(): a core cannot read time, it is told the time.
struct CoreClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<CoreClock>;
  static constexpr bool is_steady = true;
};

using Duration = CoreClock::duration;
using Instant = CoreClock::time_point;

/// What poll_timeout() answers when nothing is waited for.
inline constexpr Instant never = Instant::max();

/// Wall-clock time, for what expires by the calendar (credentials, nonces). Seconds since
/// 1970-01-01 UTC.
struct UnixSeconds {
  std::int64_t value = 0;
  friend constexpr auto operator<=>(UnixSeconds, UnixSeconds) = default;
};

}  // namespace stile
