#pragma once

#include <cstdint>

#include "stile/base/bytes.hpp"

namespace stile::stun {

/// RFC 8489 §14.7: CRC-32 (ITU V.42) of the message up to the attribute, XORed with "STUN".
/// `before` is all that stands before the FINGERPRINT attribute, its header's length field already
/// counting the attribute.
std::uint32_t fingerprint(Bytes before);

}  // namespace stile::stun
