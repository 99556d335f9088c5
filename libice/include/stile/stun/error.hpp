#pragma once

#include <cstdint>

namespace stile::stun {

/// Why bytes are not a STUN message, or an attribute is not what its type says.
enum class ParseError : std::uint8_t {
  too_short,          ///< fewer than 20 bytes
  not_stun,           ///< first two bits not zero, or another magic cookie (RFC 8489 §6.3)
  bad_length,         ///< length not a multiple of 4, or not what the datagram holds
  attribute_overrun,  ///< an attribute passes the end of the message
  bad_fingerprint,    ///< FINGERPRINT is there and wrong, or not last (RFC 8489 §14.7)
  attribute_absent,
  attribute_malformed,  ///< wrong length or content for its type
};

}  // namespace stile::stun
