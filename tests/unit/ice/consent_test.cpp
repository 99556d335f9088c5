#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

TEST_CASE("consent: it is asked for each 4 to 6 seconds, once, with a new transaction",
          "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  wire.run_for(seconds(1));
  std::vector<Instant> asked;
  std::vector<stun::TransactionId> ids;
  wire.filter = [&](Datagram& datagram) {
    if (datagram.from.ip == wire.a.ip && load_u16(datagram.bytes.data()) == 1) {
      asked.push_back(wire.now);
      ids.push_back(stun::MessageView::parse(datagram.bytes)->transaction_id());
    }
    return true;
  };
  wire.run_for(seconds(120));
  CHECK(asked.size() >= 20);
  CHECK(asked.size() <= 30);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    CHECK(asked[i] - asked[i - 1] >= seconds(4));
    CHECK(asked[i] - asked[i - 1] <= seconds(6));
    CHECK(ids[i] != ids[i - 1]);
  }
  CHECK(wire.a.agent.state() == State::completed);
}

TEST_CASE("consent: a request that is not answered is followed by a new one each half second",
          "[ice][rfc7675-5.1]") {
  Wire wire({.role = Role::controlling, .keep_backups = false});
  wire.connect();
  std::vector<Instant> asked;
  wire.filter = [&](Datagram& datagram) {
    if (load_u16(datagram.bytes.data()) != 1) return true;
    if (datagram.from.ip == wire.a.ip) asked.push_back(wire.now);
    return datagram.from.ip != wire.a.ip || asked.size() > 10;
  };
  wire.run_for(seconds(30));
  REQUIRE(asked.size() > 13);
  for (std::size_t i = 1; i < 11; ++i) CHECK(asked[i] - asked[i - 1] == milliseconds(500));
  for (std::size_t i = 11; i < asked.size(); ++i) CHECK(asked[i] - asked[i - 1] >= seconds(4));
  CHECK(wire.a.agent.state() == State::completed);
}

TEST_CASE("consent: 30 seconds of silence end the session and the sending", "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(29));
  CHECK(wire.a.agent.state() == State::completed);
  wire.run_for(seconds(7));
  CHECK(wire.a.agent.state() == State::failed);
  CHECK_THAT(wire.a.reason, Catch::Contains("30 seconds"));
  ByteVector buffer(datagram_headroom + 4);
  const auto sent = wire.a.agent.send(wire.now, 1, MutableBytes(buffer).subspan(datagram_headroom));
  REQUIRE_FALSE(sent);
  CHECK(sent.error() == SendError::no_consent);
}

TEST_CASE("consent: an answer with a wrong key does not count", "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  wire.filter = [](Datagram& datagram) {
    if (load_u16(datagram.bytes.data()) != 0x0101) return true;
    const auto id = stun::MessageView::parse(datagram.bytes)->transaction_id();
    ByteVector forged(128);
    stun::MessageBuilder builder(forged, stun::Class::success_response, stun::Method::binding, id);
    builder.add(stun::XorMappedAddress{datagram.to})
        .add_message_integrity(stun::short_term_key("guess"));
    datagram.bytes = copy_of(builder.add_fingerprint().finish());
    return true;
  };
  wire.run_for(seconds(40));
  CHECK(wire.a.agent.state() == State::failed);
}

TEST_CASE("failure: not before the patience for peer-reflexive candidates is over",
          "[ice][rfc8863-4]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  wire.introduce();
  wire.a.agent.end_of_remote_candidates(wire.now);
  wire.run_for(seconds(39));
  CHECK(wire.a.agent.state() == State::checking);
  wire.run_for(seconds(1));
  CHECK(wire.a.agent.state() == State::failed);
  CHECK_THAT(wire.a.reason, Catch::Contains("no candidates"));
}
