#pragma once

#include <algorithm>
#include <atomic>

#include "stile/base/instant.hpp"

namespace stile::ice {

/// RFC 8445 §14.2: the agents of a process together start no more than one transaction each 5 ms.
/// Each that wants to start one gets the next place in time. May be used by several threads.
class SharedPacing {
 public:
  explicit SharedPacing(Duration gap = std::chrono::milliseconds(5)) : gap_(gap) {}

  /// When the next transaction of whoever asks may start: `now` or later. Nobody else gets the
  /// same.
  Instant reserve(Instant now) {
    Instant next = next_.load(std::memory_order_relaxed);
    while (
        !next_.compare_exchange_weak(next, std::max(next, now) + gap_, std::memory_order_relaxed)) {
    }
    return std::max(next, now);
  }

 private:
  const Duration gap_;
  std::atomic<Instant> next_{Instant::min()};
};

}  // namespace stile::ice
