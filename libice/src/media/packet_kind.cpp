#include "stile/media/packet_kind.hpp"

namespace stile::media {

//               +----------------+
//               |        [0..3] -+--> STUN
//               |      [16..19] -+--> ZRTP
//   packet -->  |      [20..63] -+--> DTLS
//               |      [64..79] -+--> TURN channel
//               |     [80..127] -+--> QUIC
//               |    [128..191] -+--> RTP or RTCP
//               |    [192..255] -+--> QUIC
//               +----------------+
PacketKind packet_kind(Bytes datagram) {
  if (datagram.empty()) return PacketKind::other;
  const std::uint8_t first = datagram[0];
  if (first <= 3) return PacketKind::stun;
  if (first < 16) return PacketKind::other;
  if (first <= 19) return PacketKind::zrtp;
  if (first <= 63) return PacketKind::dtls;
  if (first <= 79) return PacketKind::turn_channel;
  if (first <= 127 || first >= 192) return PacketKind::quic;
  if (datagram.size() < 2) return PacketKind::other;
  // RFC 5761 §4: RTCP types 192-223 are 64-95 without the marker's bit.
  const int type = datagram[1] & 0x7f;
  return type >= 64 && type <= 95 ? PacketKind::rtcp : PacketKind::rtp;
}

}  // namespace stile::media
