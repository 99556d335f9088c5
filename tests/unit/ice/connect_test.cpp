#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

TEST_CASE("agent: two open hosts connect in one round trip and select the host pair",
          "[ice][rfc8445-8.1.1]") {
  Wire wire;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  REQUIRE(wire.run_until([&] { return wire.a.agent.state() == State::connected; }));
  CHECK(wire.now.time_since_epoch() == 2 * wire.delay);
  REQUIRE(wire.run_until([&] {
    return wire.a.agent.state() == State::completed && wire.b.agent.state() == State::completed;
  }));
  CHECK(wire.a.selected->local.type == CandidateType::host);
  CHECK(wire.a.selected->remote.address == wire.b.selected->local.address);
  CHECK(wire.a.selected->round_trip_time == 2 * wire.delay);
}

TEST_CASE("agent: data flows both ways on the first valid pair, before one is nominated",
          "[ice][rfc8445-12.1.1]") {
  Wire wire;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  REQUIRE(wire.run_until([&] {
    return wire.a.agent.state() == State::connected && wire.b.agent.state() == State::connected;
  }));
  CHECK_FALSE(wire.a.selected);
  wire.send(wire.a, "early");
  wire.send(wire.b, "bird");
  wire.run_for(milliseconds(100));
  CHECK(wire.b.received == std::vector<std::string>{"early"});
  CHECK(wire.a.received == std::vector<std::string>{"bird"});
}

TEST_CASE("agent: without a path sending says so", "[ice]") {
  Wire wire;
  ByteVector buffer(datagram_headroom + 4);
  const auto sent = wire.a.agent.send(wire.now, 1, MutableBytes(buffer).subspan(datagram_headroom));
  REQUIRE_FALSE(sent);
  CHECK(sent.error() == SendError::no_path);
}

TEST_CASE("agent: the same inputs give the same outputs", "[ice]") {
  const auto trace = [] {
    Wire wire;
    ByteVector all;
    wire.filter = [&](Datagram& datagram) {
      all.insert(all.end(), datagram.bytes.begin(), datagram.bytes.end());
      return true;
    };
    wire.connect();
    return all;
  };
  CHECK(trace() == trace());
}

TEST_CASE("agent: candidates that trickle in later are paired and win", "[ice][rfc8838-12]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.run_for(seconds(3));
  CHECK(wire.a.agent.state() == State::checking);
  wire.a.agent.add_remote_candidate(wire.now, wire.b.candidates.front());
  wire.drain(wire.a);
  REQUIRE(wire.run_until([&] { return wire.b.agent.state() == State::completed; }, seconds(1)));
  // b was never told of a: it learnt a's address from the check.
  CHECK(wire.b.selected->remote.type == CandidateType::peer_reflexive);
}

TEST_CASE("agent: a peer-reflexive candidate becomes what the signalling then calls it",
          "[ice][rfc8838-11.4]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.a.agent.add_remote_candidate(wire.now, wire.b.candidates.front());
  wire.drain(wire.a);
  wire.run_for(milliseconds(10));
  wire.b.agent.add_remote_candidate(wire.now, wire.a.candidates.front());
  wire.drain(wire.b);
  std::size_t pairs = 0;
  wire.b.agent.for_each_pair([&](const PairReport& pair) {
    ++pairs;
    CHECK(pair.remote.type == CandidateType::host);
  });
  CHECK(pairs == 1);
}

TEST_CASE("agent: a lost check is sent again after half a second", "[ice][rfc8445-14.3]") {
  Wire wire;
  int dropped = 0;
  wire.filter = [&](Datagram&) { return dropped++ >= 2; };
  wire.connect();
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.a.selected->elapsed >= milliseconds(500));
  CHECK(wire.a.selected->elapsed < milliseconds(700));
}

TEST_CASE("agent: checks leave no more often than each Ta",
          "[ice][rfc8445-6.1.4.2][rfc8445-14.2]") {
  Wire wire;
  std::vector<Instant> sent;
  wire.filter = [&](Datagram& datagram) {
    if (datagram.from.ip == wire.a.ip && load_u16(datagram.bytes.data()) == 1)
      sent.push_back(wire.now);
    return false;
  };
  wire.gather(wire.a);
  wire.introduce();
  for (std::uint8_t i = 0; i < 10; ++i) {
    auto candidate =
        *Candidate::parse("candidate:" + std::to_string(i + 1) + " 1 UDP 2130706431 198.51.100." +
                          std::to_string(i + 1) + " 9 typ host");
    wire.a.agent.add_remote_candidate(wire.now, candidate);
    wire.drain(wire.a);
  }
  wire.run_for(milliseconds(400));
  REQUIRE(sent.size() == 10);
  for (std::size_t i = 1; i < sent.size(); ++i) CHECK(sent[i] - sent[i - 1] >= Config{}.ta);
}

TEST_CASE("agent: no more pairs or candidates than the limits", "[ice][rfc8445-6.1.2.5]") {
  Config config{.role = Role::controlling};
  config.max_remote_candidates = 20;
  config.max_pairs = 5;
  Wire wire(config);
  wire.gather(wire.a);
  wire.introduce();
  for (int i = 1; i <= 40; ++i)
    wire.a.agent.add_remote_candidate(
        wire.now, *Candidate::parse("candidate:1 1 UDP " + std::to_string(1000 + i) +
                                    " 198.51.100." + std::to_string(i) + " 9 typ host"));
  std::size_t pairs = 0;
  std::uint32_t least = UINT32_MAX;
  wire.a.agent.for_each_pair([&](const PairReport& pair) {
    ++pairs;
    least = std::min(least, pair.remote.priority);
  });
  CHECK(pairs == 5);
  CHECK(least == 1016);  // of the 20 taken, those of highest priority
  CHECK(wire.a.agent.counters().candidates_over_limit == 20);
  CHECK(wire.a.agent.counters().pairs_over_limit == 15);
}

TEST_CASE("agent: several components each get their pair", "[ice][rfc8445-6.1.2.6]") {
  Config a{.role = Role::controlling, .components = 2};
  Config b{.role = Role::controlled, .components = 2};
  Wire wire(a, b);
  // One socket for each component: delivered to the right one by port.
  wire.gather(wire.a);
  CHECK(wire.a.sockets.size() == 2);
  CHECK(wire.a.candidates.size() == 2);
  CHECK(wire.a.candidates[0].component != wire.a.candidates[1].component);
  CHECK(wire.a.candidates[0].foundation == wire.a.candidates[1].foundation);
  CHECK(wire.a.candidates[0].priority == wire.a.candidates[1].priority + 1);
}
