#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/core/resources.hpp"

namespace stile::relay {

/// RFC 8489 §18.1, bits counted from the left of 24.
struct SecurityFeatures {
  bool password_algorithms = false;  ///< bit 0
  bool username_anonymity = false;   ///< bit 1
};

/// Whom a nonce is for: the client's address; over a stream without the port, since RFC 6062 §4.3
/// has a client's data connection come from another port than its control connection.
inline TransportAddress nonce_bearer(const FiveTuple& five_tuple) {
  TransportAddress bearer = five_tuple.client;
  if (is_stream(five_tuple.transport)) bearer.port = 0;
  return bearer;
}

/// NONCE values that need no memory (RFC 8489 §9.2.4): the nonce cookie, then in base64 the second
/// of issue and a MAC of it, the client's transport address and the realm. Servers with the same
/// keys accept each other's.
///
///     "obMatJos2" | base64(features, 3 bytes) | base64(issued, 4 bytes | MAC, 11 bytes)
class NonceMint {
 public:
  NonceMint(const Config& config, SecurityFeatures features, std::shared_ptr<Resources> resources,
            Random& random);

  std::string make(UnixSeconds wall, const TransportAddress& client);
  /// Made with a key of ours for this client and no older than the configured lifetime.
  bool valid(std::string_view nonce, UnixSeconds wall, const TransportAddress& client);

 private:
  const std::vector<NonceKey>& keys_at(UnixSeconds wall);
  std::string encode(const NonceKey& key, std::uint32_t issued,
                     const TransportAddress& client) const;

  std::shared_ptr<Resources> resources_;
  Random* random_;
  NonceKeys::InUse in_use_;
  std::string realm_;
  std::string cookie_;
  std::int64_t lifetime_seconds_;
};

}  // namespace stile::relay
