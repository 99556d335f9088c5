#include "stile/media/packet_kind.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::media;

TEST_CASE("packet kind: by the first byte", "[media][rfc7983-7][rfc9443-3]") {
  const auto kind_of = [](int first) {
    const std::uint8_t datagram[] = {static_cast<std::uint8_t>(first), 0};
    return packet_kind(datagram);
  };
  for (int first = 0; first < 256; ++first) {
    const PacketKind wanted = first <= 3     ? PacketKind::stun
                              : first < 16   ? PacketKind::other
                              : first <= 19  ? PacketKind::zrtp
                              : first <= 63  ? PacketKind::dtls
                              : first <= 79  ? PacketKind::turn_channel
                              : first <= 127 ? PacketKind::quic
                              : first <= 191 ? PacketKind::rtp
                                             : PacketKind::quic;
    CHECK(kind_of(first) == wanted);
  }
  CHECK(packet_kind({}) == PacketKind::other);
}

TEST_CASE("packet kind: RTCP by the second byte", "[media][rfc5761-4]") {
  for (int second = 0; second < 256; ++second) {
    const std::uint8_t datagram[] = {0x80, static_cast<std::uint8_t>(second)};
    const bool control = second >= 192 && second <= 223;
    const bool marked = second >= 64 && second <= 95;  // payload types that RTP must not use
    CHECK((packet_kind(datagram) == PacketKind::rtcp) == (control || marked));
  }
}
