#include "tests/unit/media/endpoints.hpp"

using namespace stile;
using namespace stile::media;
using namespace stile::media::test;

TEST_CASE("media transport: RTP and RTCP go both ways once the handshake is over",
          "[media][rfc5764-5.1]") {
  using enum SrtpProfile;
  Endpoints ends(
      Endpoints::quick(),
      Endpoints::with({GENERATE(aead_aes_256_gcm, aead_aes_128_gcm, aes128_cm_sha1_80)}));
  RtpPacket early(1);
  CHECK_FALSE(ends.a.protect(early.view()));
  ends.connect();
  for (auto [from, to] : {std::pair{&ends.a, &ends.b}, std::pair{&ends.b, &ends.a}}) {
    RtpPacket packet(2, "some speech");
    const ByteVector plain = copy_of(packet.view());
    const auto sealed = from->protect(packet.view());
    REQUIRE(sealed);
    const auto received = to->handle_datagram(instant_now(), *sealed);
    REQUIRE(received);
    CHECK(received->kind == PacketKind::rtp);
    CHECK(copy_of(received->packet) == plain);

    ByteVector report{0x80, 201, 0, 1, 0, 0, 0, 7};
    report.resize(report.size() + srtp_tailroom);
    const auto sealed_report = from->protect(MutableBytes(report).first(8));
    REQUIRE(sealed_report);
    const auto report_received = to->handle_datagram(instant_now(), *sealed_report);
    REQUIRE(report_received);
    CHECK(report_received->kind == PacketKind::rtcp);
  }
}

TEST_CASE("media transport: what comes too early, or is something else, is counted", "[media]") {
  Endpoints ends;
  RtpPacket packet(1, std::string(40, 'x'));
  CHECK_FALSE(ends.a.handle_datagram(instant_now(), packet.view()));
  CHECK(ends.a.counters().before_keys == 1);
  ByteVector stun(20);
  CHECK_FALSE(ends.a.handle_datagram(instant_now(), stun));
  CHECK(ends.a.counters().unknown == 1);
  ends.connect();
  CHECK_FALSE(ends.a.handle_datagram(instant_now(), packet.view()));
  CHECK(ends.a.srtp_counters().unauthenticated == 1);
  CHECK_FALSE(ends.a.protect(stun));
}
