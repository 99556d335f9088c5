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
  if (!has_room(now, client)) return false;
  if (due_.empty()) return true;
  Instant& due = due_[bucket_of(client)];
  due = std::max(due, now) + gap_;
  return true;
}

bool RateLimiter::has_room(Instant now, const IpAddress& client) const {
  if (due_.empty()) return true;
  return std::max(due_[bucket_of(client)], now) + gap_ - now <= tolerance_;
}

std::size_t RateLimiter::bucket_of(const IpAddress& client) const {
  std::uint64_t hash = (std::hash<IpAddress>{}(network_of(client)) ^ seed_) * 0x9e3779b97f4a7c15u;
  hash ^= hash >> 32;
  return hash % due_.size();
}

}  // namespace stile::relay
