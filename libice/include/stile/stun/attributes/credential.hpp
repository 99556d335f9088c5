#pragma once

#include <vector>

#include "stile/stun/attributes/primitive.hpp"

namespace stile::stun {

using Username = TextAttribute<AttributeType::username, 508>;                 // RFC 8489 §14.3
using Realm = TextAttribute<AttributeType::realm, 763>;                       // RFC 8489 §14.9
using Nonce = TextAttribute<AttributeType::nonce, 763>;                       // RFC 8489 §14.10
using Software = TextAttribute<AttributeType::software, 763>;                 // RFC 8489 §14.14
using AlternateDomain = TextAttribute<AttributeType::alternate_domain, 255>;  // RFC 8489 §14.16

using ThirdPartyAuthorization =
    TextAttribute<AttributeType::third_party_authorization, 763>;  // RFC 7635 §6.1
using AccessToken = BytesAttribute<AttributeType::access_token>;   // RFC 7635 §6.2

/// RFC 8489 §14.4: SHA-256 of "user:realm", 32 bytes.
struct Userhash {
  static constexpr AttributeType type = AttributeType::userhash;
  Sha256Digest hash{};
  static std::expected<Userhash, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// One algorithm with its parameters (none are defined yet), RFC 8489 §14.11.
struct PasswordAlgorithmEntry {
  std::uint16_t number = 0;  ///< a PasswordAlgorithmNumber, or one we do not know
  Bytes parameters;
  friend bool operator==(const PasswordAlgorithmEntry& a, const PasswordAlgorithmEntry& b) {
    return a.number == b.number && as_text(a.parameters) == as_text(b.parameters);
  }
};

/// RFC 8489 §14.12.
struct PasswordAlgorithm {
  static constexpr AttributeType type = AttributeType::password_algorithm;
  PasswordAlgorithmEntry algorithm;
  static std::expected<PasswordAlgorithm, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 8489 §14.11, in the server's order of preference.
struct PasswordAlgorithms {
  static constexpr AttributeType type = AttributeType::password_algorithms;
  std::vector<PasswordAlgorithmEntry> algorithms;
  static std::expected<PasswordAlgorithms, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

}  // namespace stile::stun
