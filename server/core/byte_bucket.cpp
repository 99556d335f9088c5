#include "server/core/byte_bucket.hpp"

#include <algorithm>
#include <atomic>

namespace stile::relay {

namespace {

using Nanoseconds = std::chrono::duration<std::int64_t, std::nano>;

constexpr Nanoseconds depth = std::chrono::milliseconds(250);
constexpr double nanoseconds_per_second = 1e9;
/// Limit: a debt of a day; at a byte a second the largest datagram would make one of 18 hours.
constexpr double longest_debt = 86'400 * nanoseconds_per_second;

}  // namespace

Instant ByteBucket::room_from() const {
  const std::atomic_ref full_at(full_at_);
  const Nanoseconds when(full_at.load(std::memory_order_relaxed));
  return Instant(std::chrono::ceil<Duration>(when - depth));
}

void ByteBucket::spend(Instant now, std::uint64_t bytes_per_second, std::size_t bytes) {
  const double price =
      static_cast<double>(bytes) * nanoseconds_per_second / static_cast<double>(bytes_per_second);
  const auto price_ns = static_cast<std::int64_t>(std::min(price, longest_debt));
  const std::int64_t now_ns = Nanoseconds(now.time_since_epoch()).count();
  std::atomic_ref full_at(full_at_);
  std::int64_t before = full_at.load(std::memory_order_relaxed);
  while (!full_at.compare_exchange_weak(before, std::max(before, now_ns) + price_ns,
                                        std::memory_order_relaxed)) {
  }
}

}  // namespace stile::relay
