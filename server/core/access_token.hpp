#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/core/config.hpp"
#include "stile/base/bytes.hpp"
#include "stile/stun/credentials.hpp"

namespace stile::relay {

/// Bytes; what is shorter can be guessed.
inline constexpr std::size_t shortest_mac_key = 16;

/// What an access token gives its bearer (RFC 7635).
struct Session {
  std::string kid;    ///< the key that the token is sealed with, and the bearer's USERNAME
  stun::Key mac_key;  ///< of his MESSAGE-INTEGRITY
  UnixSeconds expires;
  /// Whom quotas go by: those who have the same token.
  std::string user() const;
};

/// Opens a self-contained access token (RFC 7635 §6.2), all in network byte order:
///
///     nonce length, 2 bytes | nonce | sealed with AES-GCM, the server's name being associated
///     data:
///         key length, 2 bytes | mac_key | timestamp, 8 bytes | lifetime, 4 bytes
///
/// Nothing if it is not that, was sealed with another key or for another server, or is not of this
/// time (§7).
// Limit: RFC 7635 §6.2: AES-CBC with HMAC-SHA, for which no key is configured, is not read.
std::optional<Session> open_access_token(const OauthKey& key, std::string_view server_name,
                                         Bytes token, UnixSeconds wall);

}  // namespace stile::relay
