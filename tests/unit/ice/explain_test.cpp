#include "tests/unit/ice/turn_server.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

/// What each pair towards a remote port says of itself.
std::map<std::uint16_t, std::string> explanations(const Agent& agent) {
  std::map<std::uint16_t, std::string> all;
  agent.for_each_pair(
      [&](const PairReport& pair) { all[pair.remote.address.port] = explain(pair); });
  return all;
}

PairReport selected_pair(const Agent& agent) {
  std::optional<PairReport> found;
  agent.for_each_pair([&](const PairReport& pair) {
    if (pair.selected) found = pair;
  });
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("explain: the selected pair, and one that nobody answers", "[ice]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  Candidate nowhere = wire.b.candidates[0];
  nowhere.address = *TransportAddress::parse("198.51.100.7:7");
  nowhere.foundation = "nowhere";
  nowhere.priority += 1;
  wire.a.agent.add_remote_candidate(wire.now, nowhere);
  wire.drain(wire.a);
  wire.run_for(milliseconds(1));
  CHECK(explanations(wire.a.agent)[7] == "no answer yet to 1 check");
  wire.run_for(seconds(60));
  CHECK(explanations(wire.a.agent)[7] == "no answer to 64 checks");
}

TEST_CASE("explain: what came after the selected pair was not needed", "[ice]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  Candidate worse = wire.b.candidates[0];
  worse.address = *TransportAddress::parse("198.51.100.7:7");
  worse.priority -= 1;
  wire.a.agent.add_remote_candidate(wire.now, wire.b.candidates[0]);
  wire.a.agent.add_remote_candidate(wire.now, worse);
  wire.b.agent.add_remote_candidate(wire.now, wire.a.candidates[0]);
  wire.drain(wire.a);
  wire.drain(wire.b);
  REQUIRE(wire.run_until([&] { return wire.a.selected.has_value(); }));
  auto said = explanations(wire.a.agent);
  CHECK(said[wire.b.candidates[0].address.port] == "selected; it answers in 20 ms");
  CHECK(said[7].starts_with("n"));
}

TEST_CASE("explain: a wrong password is told in words", "[ice][rfc8489-9.1.3]") {
  Wire wire;
  wire.gather(wire.a);
  wire.gather(wire.b);
  Parameters wrong = wire.b.agent.local_parameters();
  wrong.credentials.pwd = "0123456789012345678901";
  wire.a.agent.set_remote_parameters(wire.now, wrong);
  wire.drain(wire.a);
  wire.run_for(seconds(60));
  CHECK(explanations(wire.a.agent)[wire.b.candidates[0].address.port] ==
        "the answers are not signed with the peer's password; is it right?");
  CHECK(
      wire.a.reason ==
      "the peer's answers are not signed with its password; is it, and the ufrag, the right one?");
}

TEST_CASE("statistics: what a pair has carried is counted", "[ice]") {
  Wire wire;
  wire.connect();
  wire.send(wire.a, "12345");
  wire.send(wire.a, "678");
  wire.run_for(milliseconds(20));
  const PairReport ours = selected_pair(wire.a.agent);
  const PairReport theirs = selected_pair(wire.b.agent);
  CHECK(ours.packets_sent == 2);
  CHECK(ours.bytes_sent == 8);
  CHECK(theirs.packets_received == 2);
  CHECK(theirs.bytes_received == 8);
  CHECK(ours.nominated);
  CHECK(ours.responses_received >= 2);
  CHECK(theirs.checks_received >= 2);
  CHECK(ours.total_round_trip_time >= ours.round_trip_time);
  wire.run_for(seconds(30));
  CHECK(selected_pair(wire.a.agent).responses_received > ours.responses_received);  // consent
}
