#include "tests/unit/ice/turn_server.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

/// Two agents with a direct path and one by a's relay; data is sent each 20 ms, as media is.
struct TwoPaths {
  explicit TwoPaths(Config a = {.role = Role::controlling})
      : wire(with_relay(std::move(a))), server(wire) {
    wire.elsewhere = [this](const Datagram& datagram) { return server.take(datagram); };
    wire.filter = [this](Datagram& datagram) {
      return direct || (datagram.to.ip != wire.a.ip && datagram.to.ip != wire.b.ip);
    };
    wire.gather(wire.a);
    wire.run_for(milliseconds(500));
    wire.connect();
    wire.run_for(seconds(2));
    REQUIRE(wire.a.selected->local.type == CandidateType::host);
  }

  static Config with_relay(Config config) {
    config.turn_servers = {{*TransportAddress::parse("198.51.100.1:3478"), {"u", "p"}}};
    return config;
  }

  /// Until b has got something that was sent after now; how long that took.
  Duration until_data_arrives(Duration limit) {
    const Instant began = wire.now;
    wire.b.received.clear();
    while (wire.b.received.empty() && wire.now - began < limit) {
      ByteVector buffer(datagram_headroom + 4 + datagram_tailroom);
      if (const auto ready =
              wire.a.agent.send(wire.now, {}, MutableBytes(buffer).subspan(datagram_headroom, 4)))
        wire.carry(wire.a, ready->from, ready->to, ready->datagram);
      wire.run_for(milliseconds(20));
    }
    return wire.now - began;
  }

  Wire wire;
  test::TurnServer server;
  bool direct = true;
};

}  // namespace

TEST_CASE("paths: when the selected one dies the relay takes over within a second and a half",
          "[ice]") {
  TwoPaths paths;
  paths.direct = false;
  CHECK(paths.until_data_arrives(seconds(10)) < milliseconds(1500));
  CHECK(paths.wire.a.selected->local.type == CandidateType::relayed);
  CHECK(paths.wire.b.selected->remote.type == CandidateType::relayed);
  CHECK(paths.wire.a.agent.state() == State::completed);
}

TEST_CASE(
    "paths: a relay that answers when a direct pair is selected already is kept, and told to "
    "nobody",
    "[ice][rfc8838-13]") {
  Wire wire(TwoPaths::with_relay({.role = Role::controlling, .trickle = true}));
  test::TurnServer server(wire);
  wire.elsewhere = [&](const Datagram& datagram) { return server.take(datagram); };
  wire.connect();
  const std::size_t told = wire.a.candidates.size();
  wire.run_for(seconds(5));
  CHECK(wire.a.candidates.size() == told);
  bool works = false;
  wire.a.agent.for_each_pair([&](const PairReport& pair) {
    works |= pair.valid && pair.local.type == CandidateType::relayed;
  });
  CHECK(works);
}

TEST_CASE("paths: where one takes over no restart is needed", "[ice][rfc8445-9]") {
  TwoPaths paths({.role = Role::controlling, .restart_after = seconds(3)});
  paths.direct = false;
  paths.wire.run_for(seconds(60));
  CHECK(paths.wire.a.selected->local.type == CandidateType::relayed);
  CHECK(paths.wire.a.restarts_needed == 0);
}

TEST_CASE("paths: an idle session notices at the next question about consent",
          "[ice][rfc7675-5.1]") {
  TwoPaths paths;
  paths.direct = false;
  paths.wire.run_for(seconds(8));
  CHECK(paths.wire.a.selected->local.type == CandidateType::relayed);
}

TEST_CASE("paths: when the direct one lives again it is taken again", "[ice]") {
  TwoPaths paths;
  paths.direct = false;
  paths.until_data_arrives(seconds(10));
  paths.direct = true;
  REQUIRE(paths.wire.run_until(
      [&] { return paths.wire.a.selected->local.type == CandidateType::host; }));
  REQUIRE(paths.wire.run_until(
      [&] { return paths.wire.b.selected->remote.type == CandidateType::host; }));
}

TEST_CASE("paths: without another one the session waits for consent to end", "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(20));
  CHECK(wire.a.agent.state() == State::completed);
  wire.run_for(seconds(20));
  CHECK(wire.a.agent.state() == State::failed);
}

TEST_CASE("paths: a live one is not asked more often than consent needs", "[ice][rfc7675-5.1]") {
  TwoPaths paths;
  int to_b = 0;
  paths.wire.filter = [&](Datagram& datagram) {
    if (datagram.to.ip == paths.wire.b.ip) ++to_b;
    return true;
  };
  paths.wire.run_for(seconds(60));
  CHECK(to_b <= 30);  // fifteen questions, and as many answers to b's
}

TEST_CASE("paths: without backups the relay is given back", "[ice][rfc8445-8.3.1]") {
  TwoPaths paths({.role = Role::controlling, .keep_backups = false});
  paths.wire.run_for(seconds(40));
  REQUIRE(!paths.server.asked.empty());
  CHECK(paths.server.asked.back() == stun::Method::refresh);
}
