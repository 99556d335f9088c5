#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "stile/base/bytes.hpp"
#include "stile/stun/message_view.hpp"

namespace stile::stun {

/// RFC 8489 §18.5.1.
enum class PasswordAlgorithmNumber : std::uint16_t { md5 = 1, sha256 = 2 };

/// The key of a MESSAGE-INTEGRITY HMAC. Held in place, wiped by nobody: as secret as the password.
class Key {
 public:
  Key() = default;
  explicit Key(Bytes bytes) : bytes_(copy_of(bytes)) {}
  Bytes bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  friend bool operator==(const Key&, const Key&) = default;

 private:
  ByteVector bytes_;
};

/// Short-term: the password itself (RFC 8489 §9.1.1). ICE passwords are ASCII, for which
/// OpaqueString changes nothing.
Key short_term_key(std::string_view password);
/// Long-term: MD5 or SHA-256 of "user:realm:password" (RFC 8489 §9.2.2, §18.5.1).
Key long_term_key(PasswordAlgorithmNumber algorithm, std::string_view username,
                  std::string_view realm, std::string_view password);

/// HMAC-SHA1 verdict on the message's MESSAGE-INTEGRITY; false if it is absent. Constant time in
/// the comparison.
bool verify_message_integrity(const MessageView& message, const Key& key);
/// HMAC-SHA256 verdict on MESSAGE-INTEGRITY-SHA256 of 16, 20, 24, 28 or 32 bytes (RFC 8489 §14.6);
/// false if absent.
bool verify_message_integrity_sha256(const MessageView& message, const Key& key);

using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;
Sha1Digest hmac_sha1(Bytes key, Bytes data);
Sha256Digest hmac_sha256(Bytes key, Bytes data);
Sha256Digest sha256(Bytes data);
/// USERHASH: SHA-256 of "user:realm" (RFC 8489 §14.4).
Sha256Digest userhash(std::string_view username, std::string_view realm);

}  // namespace stile::stun
