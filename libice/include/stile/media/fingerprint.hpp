#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "stile/base/bytes.hpp"

namespace stile::media {

/// RFC 8122 §5; SHA-1 and MD5 are not taken. In order of preference, the best last.
enum class Hash : std::uint8_t { sha256, sha384, sha512 };
/// `sha-256`
std::string_view to_string(Hash hash);

/// Of a certificate, as signalled: `sha-256 4A:AD:...` behind `a=fingerprint:`.
struct Fingerprint {
  Hash hash = Hash::sha256;
  ByteVector digest;

  /// The error is one line. Hexadecimal digits of either case.
  static std::expected<Fingerprint, std::string> parse(std::string_view text);
  static Fingerprint of(Bytes der, Hash hash = Hash::sha256);
  std::string to_string() const;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// RFC 8122 §5: whether the certificate (DER) has one of the fingerprints of the best hash that
/// there is among them.
bool matches(Bytes der, std::span<const Fingerprint> fingerprints);

}  // namespace stile::media
