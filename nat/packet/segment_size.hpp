#pragma once

#include <cstdint>

#include "stile/base/bytes.hpp"

namespace stile::nat {

/// A TCP connection sends no larger segments than the SYN of the other end allows (RFC 9293
/// §3.7.1). Lowers that to `largest` in an IPv4 or IPv6 packet with a SYN that allows more, and
/// mends its checksum; for paths on which ICMP is lost, so that nothing else says what fits.
/// Whether it did. Packets of any other kind, and whatever is no packet, are left alone.
bool limit_segment_size(MutableBytes packet, std::uint16_t largest);

}  // namespace stile::nat
