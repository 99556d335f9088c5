#include "server/core/rate_limit.hpp"

#include <algorithm>

#include "server/core/network.hpp"

namespace stile::relay {

RateLimiter::RateLimiter(const RateLimit& limit, Random& random)
    : gap_(limit.per_second == 0 ? Duration::zero()
                                 : Duration(std::chrono::seconds(1)) / limit.per_second),
      tolerance_(gap_ * std::max(limit.burst, 1u)),
      seed_(random.u64()),
      due_(gap_ == Duration::zero() ? 0 : std::max<std::size_t>(limit.buckets, 1), Instant{}) {}

bool RateLimiter::admit(Instant now, const IpAddress& client) {
  if (due_.empty()) return true;
  std::uint64_t hash = (std::hash<IpAddress>{}(network_of(client)) ^ seed_) * 0x9e3779b97f4a7c15u;
  hash ^= hash >> 32;
  Instant& due = due_[hash % due_.size()];
  const Instant next = std::max(due, now) + gap_;
  if (next - now > tolerance_) return false;
  due = next;
  return true;
}

}  // namespace stile::relay
