#pragma once

#include "server/core/config.hpp"
#include "stile/base/random.hpp"

namespace stile::relay {

/// What a server's nonces are signed with. Keys of the configuration are used as they are; without
/// any the server draws one by itself, and another one after each lifetime of a nonce, so that a
/// key that has got out is soon of no use. What the former one has signed is still good.
class NonceKeys {
 public:
  explicit NonceKeys(const Config& config) { configure(config); }
  void configure(const Config& config);

  struct InUse {
    std::vector<NonceKey> keys;  ///< the first signs, each verifies
    UnixSeconds until;           ///< from then on others are
  };
  InUse at(UnixSeconds wall, Random& random);

 private:
  std::vector<NonceKey> given_;
  std::int64_t lifetime_seconds_ = 0;
  InUse drawn_;
};

}  // namespace stile::relay
