#include "server/core/nonce_keys.hpp"

#include <limits>

namespace stile::relay {

void NonceKeys::configure(const Config& config) {
  given_ = config.nonce_keys;
  lifetime_seconds_ =
      std::chrono::duration_cast<std::chrono::seconds>(config.nonce_lifetime).count();
}

NonceKeys::InUse NonceKeys::at(UnixSeconds wall, Random& random) {
  if (!given_.empty()) return {given_, {std::numeric_limits<std::int64_t>::max()}};
  if (!drawn_.keys.empty() && wall < drawn_.until) return drawn_;
  NonceKey fresh;
  random.fill(fresh);
  drawn_.keys.insert(drawn_.keys.begin(), fresh);
  if (drawn_.keys.size() > 2) drawn_.keys.pop_back();
  drawn_.until = {wall.value + lifetime_seconds_};
  return drawn_;
}

}  // namespace stile::relay
