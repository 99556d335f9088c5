#pragma once

#include <vector>

#include "server/core/config.hpp"
#include "stile/base/random.hpp"

namespace stile::relay {

/// Bounds what can be reflected onto a network by forged requests: a leaky bucket for each /24 of
/// IPv4 and each /56 of IPv6. The table is of a fixed size and places prefixes by a keyed hash.
class RateLimiter {
 public:
  RateLimiter(const RateLimit& limit, Random& random);
  /// Takes one answer to `client` from its bucket; false if the bucket is empty.
  bool admit(Instant now, const IpAddress& client);
  /// Whether it would.
  bool has_room(Instant now, const IpAddress& client) const;

 private:
  std::size_t bucket_of(const IpAddress& client) const;

  Duration gap_;        ///< between answers at the steady rate
  Duration tolerance_;  ///< how far a burst may run ahead of it
  std::uint64_t seed_;
  std::vector<Instant> due_;  ///< for each bucket, when it will be full again
};

}  // namespace stile::relay
