#pragma once

#include <cstdint>

namespace stile::server {

// What the first byte of a connection or of a datagram says about the rest of it (RFC 7983 §7):
//
//     0-3      STUN
//     20-63    DTLS; over TCP only 22, a TLS handshake
//     64-127   ChannelData; RFC 8656 §12 ends at 79, the channels of RFC 5766 at 127
//
// The ranges are disjoint, so that one port serves them all.

constexpr bool begins_message(std::uint8_t first) {
  return first <= 3 || (first >= 64 && first <= 127);
}
constexpr bool begins_dtls(std::uint8_t first) {
  return first >= 20 && first <= 63;
}
constexpr bool begins_tls(std::uint8_t first) {
  return first == 22;
}

}  // namespace stile::server
