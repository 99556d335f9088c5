#pragma once

#include <cstdint>

#include "stile/base/bytes.hpp"

namespace stile::media {

enum class PacketKind : std::uint8_t { stun, zrtp, dtls, turn_channel, quic, rtp, rtcp, other };

/// What a datagram is by its first byte (RFC 7983 §7, RFC 9443 §3); RTP and RTCP by their second
/// (RFC 5761 §4). An empty one is `other`.
PacketKind packet_kind(Bytes datagram);

}  // namespace stile::media
