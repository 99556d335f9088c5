#include "tests/unit/media/endpoints.hpp"

using namespace stile;
using namespace stile::media;
using namespace stile::media::test;

TEST_CASE("dtls: both sides connect, with the best profile and the same keys",
          "[media][rfc5764-4.2]") {
  Dtls a, b;
  a.start(instant_now(), Setup::active, {b.fingerprint()});
  b.start(instant_now(), Setup::passive, {a.fingerprint()});
  for (bool more = true; more;) {
    more = false;
    while (const auto datagram = a.poll_transmit()) {
      b.handle_datagram(instant_now(), *datagram);
      more = true;
    }
    while (const auto datagram = b.poll_transmit()) {
      a.handle_datagram(instant_now(), *datagram);
      more = true;
    }
  }
  REQUIRE(a.state() == Dtls::State::connected);
  REQUIRE(b.state() == Dtls::State::connected);
  REQUIRE(a.keys());
  REQUIRE(b.keys());
  CHECK(a.keys()->profile == SrtpProfile::aead_aes_256_gcm);
  CHECK(a.keys()->ours == b.keys()->theirs);
  CHECK(a.keys()->theirs == b.keys()->ours);
  CHECK(a.keys()->ours != a.keys()->theirs);
  CHECK(a.keys()->ours.size() == 44);
  CHECK(a.poll_timeout() == never);
}

TEST_CASE("dtls: a certificate of another fingerprint ends it, on either side",
          "[media][rfc8827-6.5]") {
  Endpoints ends;
  const Fingerprint of_somebody = Certificate::make().fingerprint();
  const bool a_doubts = GENERATE(true, false);
  ends.a.start(instant_now(), Setup::active, {a_doubts ? of_somebody : ends.b.fingerprint()});
  ends.b.start(instant_now(), Setup::passive, {a_doubts ? ends.a.fingerprint() : of_somebody});
  ends.run();
  Transport& doubter = a_doubts ? ends.a : ends.b;
  CHECK(doubter.state() == Dtls::State::failed);
  CHECK(doubter.reason() == "the peer's certificate has not the fingerprint that was signalled");
  CHECK_FALSE(doubter.profile());
  RtpPacket packet(1);
  CHECK_FALSE(doubter.protect(packet.view()));
}

TEST_CASE("dtls: the profile is one that both have", "[media][rfc5764-4.1.2]") {
  using enum SrtpProfile;
  SECTION("the old one") {
    Endpoints ends(Endpoints::quick(), Endpoints::with({aes128_cm_sha1_80}));
    ends.connect();
    CHECK(ends.a.profile() == aes128_cm_sha1_80);
  }
  SECTION("none: it fails") {
    Endpoints ends(Endpoints::with({aead_aes_128_gcm}), Endpoints::with({aes128_cm_sha1_80}));
    ends.start();
    ends.run();
    CHECK(ends.a.state() == Dtls::State::failed);
    CHECK(ends.a.reason() == "the peer has no SRTP profile in common with us");
  }
  SECTION("none, and data is enough") {
    DtlsConfig config = Endpoints::with({});
    config.data_only = true;
    Endpoints ends(config, config);
    ends.connect();
    CHECK_FALSE(ends.a.profile());
    CHECK(ends.a.send_data(as_bytes("data")));
    ends.carry();
    CHECK(as_text(ends.b.poll_data().value()) == "data");
  }
}

TEST_CASE("dtls: what is lost is sent again", "[media][rfc6347-4.2.4]") {
  const int lost = GENERATE(range(0, 8));
  CAPTURE(lost);
  Endpoints ends;
  int number = 0;
  ends.passes = [&](Bytes) { return number++ != lost; };
  ends.connect();
  // The last flight is sent again when the peer asks for it.
  RtpPacket packet(1);
  CHECK(ends.a.protect(packet.view()));
}

TEST_CASE("dtls: half of the datagrams lost", "[media][rfc6347-4.2.4]") {
  Endpoints ends;
  SeededRandom random(1);
  ends.passes = [&](Bytes) { return random.below(2) == 0; };
  ends.connect();
}

TEST_CASE("dtls: a hello that is faster than the signalling is kept", "[media]") {
  Endpoints ends;
  ends.a.start(instant_now(), Setup::active, {ends.b.fingerprint()});
  ends.carry();
  CHECK(ends.b.state() == Dtls::State::idle);
  ends.b.start(instant_now(), Setup::passive, {ends.a.fingerprint()});
  ends.carry();
  CHECK(ends.a.state() == Dtls::State::connected);
  CHECK(ends.b.state() == Dtls::State::connected);
}

TEST_CASE("dtls: a handshake in small datagrams", "[media][rfc6347-4.2.3]") {
  DtlsConfig config = Endpoints::quick();
  config.mtu = 300;
  Endpoints ends(config, config);
  std::size_t longest = 0;
  ends.passes = [&](Bytes datagram) {
    longest = std::max(longest, datagram.size());
    return true;
  };
  ends.connect();
  CHECK(longest < 350);  // OpenSSL forgets some bytes when it puts records together
}

TEST_CASE("dtls: a peer that is silent is given up", "[media]") {
  DtlsConfig config = Endpoints::quick();
  config.patience = std::chrono::milliseconds(50);
  Endpoints ends(config, config);
  ends.passes = [](Bytes) { return false; };
  ends.start();
  ends.run();
  CHECK(ends.a.state() == Dtls::State::failed);
  CHECK(ends.a.reason() == "the peer does not answer");
  CHECK(ends.a.poll_timeout() == never);
}

TEST_CASE("dtls: what is none is dropped", "[media][rfc6347-4.1.2.7]") {
  Endpoints ends;
  ends.start();
  ByteVector noise(200, 0x16);
  ends.a.handle_datagram(instant_now(), noise);
  ends.b.handle_datagram(instant_now(), noise);
  ends.run();
  CHECK(ends.a.state() == Dtls::State::connected);
  ends.a.handle_datagram(instant_now(), noise);
  CHECK(ends.a.state() == Dtls::State::connected);
}

TEST_CASE("dtls: a goodbye is heard", "[media][rfc5246-7.2.1]") {
  Endpoints ends;
  ends.connect();
  ends.a.close(instant_now());
  ends.carry();
  CHECK(ends.a.state() == Dtls::State::closed);
  CHECK(ends.b.state() == Dtls::State::closed);
  RtpPacket packet(1);
  CHECK_FALSE(ends.b.protect(packet.view()));
}
