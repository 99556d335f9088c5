#include "tests/unit/media/endpoints.hpp"

using namespace stile;
using namespace stile::media;
using namespace stile::media::test;

namespace {

SrtpKeys keys_of(SrtpProfile profile) {
  const auto [key, salt] = key_sizes(profile);
  return {profile, ByteVector(key + salt, 1), ByteVector(key + salt, 2)};
}
SrtpKeys reversed(SrtpKeys keys) {
  std::swap(keys.ours, keys.theirs);
  return keys;
}

/// One that sends, one that receives.
struct Pair {
  explicit Pair(SrtpProfile profile = SrtpProfile::aead_aes_128_gcm)
      : sender(keys_of(profile)), receiver(reversed(keys_of(profile))) {}
  Srtp sender, receiver;

  ByteVector sent(std::uint16_t number) {
    RtpPacket packet(number);
    const auto protected_one = sender.protect_rtp(packet.view());
    REQUIRE(protected_one);
    return copy_of(*protected_one);
  }
  bool takes(ByteVector packet) { return receiver.unprotect_rtp(packet).has_value(); }
};

}  // namespace

TEST_CASE("srtp: a packet arrives as it was, by each profile",
          "[media][rfc3711-3.3][rfc7714-8.1]") {
  using enum SrtpProfile;
  const auto profile =
      GENERATE(aes128_cm_sha1_80, aes128_cm_sha1_32, aead_aes_128_gcm, aead_aes_256_gcm);
  Pair pair(profile);
  RtpPacket packet(7, "hello");
  const ByteVector plain = copy_of(packet.view());
  const auto sealed = pair.sender.protect_rtp(packet.view());
  REQUIRE(sealed);
  CHECK(sealed->size() > plain.size());
  CHECK(as_text(*sealed).find("hello") == std::string_view::npos);
  const auto opened = pair.receiver.unprotect_rtp(*sealed);
  REQUIRE(opened);
  CHECK(copy_of(*opened) == plain);
}

TEST_CASE("srtp: RTCP arrives as it was", "[media][rfc3711-3.4]") {
  using enum SrtpProfile;
  Pair pair(GENERATE(aes128_cm_sha1_80, aead_aes_128_gcm, aead_aes_256_gcm));
  ByteVector report{0x80, 201, 0, 1, 0, 0, 0, 7};
  const ByteVector plain = report;
  report.resize(report.size() + srtp_tailroom);
  const auto sealed = pair.sender.protect_rtcp(MutableBytes(report).first(plain.size()));
  REQUIRE(sealed);
  const auto opened = pair.receiver.unprotect_rtcp(*sealed);
  REQUIRE(opened);
  CHECK(copy_of(*opened) == plain);
}

TEST_CASE("srtp: a packet is taken once", "[media][rfc3711-3.3.2]") {
  Pair pair;
  const ByteVector packet = pair.sent(1);
  CHECK(pair.takes(packet));
  CHECK_FALSE(pair.takes(packet));
  CHECK(pair.receiver.counters().replayed == 1);
}

TEST_CASE("srtp: packets may come in another order, within the window", "[media][rfc3711-3.3.2]") {
  Pair pair;
  const ByteVector first = pair.sent(1), second = pair.sent(2), late = pair.sent(3);
  for (std::uint16_t number = 4; number < 900; ++number) CHECK(pair.takes(pair.sent(number)));
  CHECK(pair.takes(second));
  CHECK(pair.takes(first));
  for (std::uint16_t number = 900; number < 2000; ++number) CHECK(pair.takes(pair.sent(number)));
  CHECK_FALSE(pair.takes(late));
  CHECK(pair.receiver.counters().replayed == 1);
}

TEST_CASE("srtp: sequence numbers begin again, and keys do not repeat", "[media][rfc3711-3.3.1]") {
  Pair pair;
  for (int number = 65'500; number < 65'536 + 100; ++number)
    CHECK(pair.takes(pair.sent(static_cast<std::uint16_t>(number))));
}

TEST_CASE("srtp: what was changed on the way is dropped", "[media][rfc3711-3.3]") {
  Pair pair;
  const ByteVector packet = pair.sent(1);
  for (std::size_t i = 12; i < packet.size(); ++i) {
    ByteVector changed = packet;
    changed[i] ^= 1;
    CHECK_FALSE(pair.takes(changed));
  }
  CHECK(pair.receiver.counters().unauthenticated == packet.size() - 12);
  for (std::size_t size = 0; size < packet.size(); ++size)
    CHECK_FALSE(pair.takes(ByteVector(packet.begin(), packet.begin() + static_cast<long>(size))));
  CHECK(pair.takes(packet));
}

TEST_CASE("srtp: a retransmission may be sent", "[media]") {
  Pair pair;
  const ByteVector once = pair.sent(5);
  CHECK(pair.sent(5) == once);
}

TEST_CASE("srtp: what is no packet is refused", "[media]") {
  Pair pair;
  ByteVector nothing(srtp_tailroom);
  CHECK_FALSE(pair.sender.protect_rtp(MutableBytes(nothing).first(0)));
  CHECK_FALSE(pair.sender.protect_rtp(MutableBytes(nothing).first(5)));
  CHECK_FALSE(pair.sender.protect_rtcp(MutableBytes(nothing).first(5)));
  CHECK(pair.sender.counters().malformed == 3);
}
