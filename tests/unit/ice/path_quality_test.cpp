#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

std::vector<PathHealth> changes(const Peer& peer) {
  std::vector<PathHealth> all;
  for (const PathHealthChanged& each : peer.path_changes) all.push_back(each.health);
  return all;
}

bool is_request(const Datagram& datagram) {
  const auto message = stun::MessageView::parse(datagram.bytes);
  return message && message->message_class() == stun::Class::request;
}

const std::vector<PathHealth> only_degraded{PathHealth::degraded};
const std::vector<PathHealth> degraded_and_good{PathHealth::degraded, PathHealth::good};

Config restarting(Role role) {
  return {.role = role, .restart_after = seconds(5)};
}

}  // namespace

TEST_CASE("path quality: one that works is not spoken of", "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  wire.run_for(std::chrono::minutes(10));
  CHECK(changes(wire.a).empty());
  CHECK(changes(wire.b).empty());
}

TEST_CASE(
    "path quality: a silent one is degraded while the session lives, and good once it answers",
    "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(8));
  CHECK(changes(wire.a) == only_degraded);
  CHECK(changes(wire.b) == only_degraded);
  CHECK(wire.a.agent.state() == State::completed);
  wire.filter = [](Datagram&) { return true; };
  wire.run_for(seconds(14));
  CHECK(changes(wire.a) == degraded_and_good);
  CHECK(changes(wire.b) == degraded_and_good);
}

TEST_CASE("path quality: one that loses every other question is degraded, whatever data comes",
          "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  int questions = 0;
  wire.filter = [&](Datagram& datagram) {
    return datagram.from.ip != wire.a.ip || !is_request(datagram) || ++questions % 2 == 0;
  };
  for (int i = 0; i < 300; ++i) {
    wire.send(wire.b, "data");
    wire.run_for(milliseconds(100));
  }
  REQUIRE(changes(wire.a) == only_degraded);
  CHECK(wire.a.path_changes[0].lost >= 3);
  CHECK(changes(wire.b).empty());
}

TEST_CASE("path quality: one that is much slower than before is degraded until it is not",
          "[ice][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  wire.delay = milliseconds(100);
  wire.run_for(seconds(20));
  REQUIRE(changes(wire.a) == only_degraded);
  CHECK(wire.a.path_changes[0].round_trip_time > milliseconds(120));
  wire.delay = milliseconds(10);
  wire.run_for(seconds(30));
  CHECK(changes(wire.a) == degraded_and_good);
}

TEST_CASE(
    "restart: when no pair has worked for so long it is asked for, by the controlling side first",
    "[ice][rfc8445-9]") {
  Wire wire(restarting(Role::controlling), restarting(Role::controlled));
  wire.connect();
  wire.run_for(seconds(60));
  CHECK(wire.a.restarts_needed == 0);
  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(10));
  CHECK(wire.b.restarts_needed == 0);
  wire.run_for(seconds(1));  // a question at most 6 s after the last one, and 5 s
  CHECK(wire.a.restarts_needed == 1);
  wire.run_for(seconds(5));
  CHECK(wire.a.restarts_needed == 1);
  CHECK(wire.b.restarts_needed == 1);

  wire.filter = [](Datagram&) { return true; };
  wire.a.selected.reset();
  wire.restart();
  REQUIRE(wire.run_until([&] { return wire.a.selected && wire.b.selected; }));
  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(12));
  CHECK(wire.a.restarts_needed == 2);
}

TEST_CASE("restart: it is asked for once more when the host gets another address",
          "[ice][rfc8445-9]") {
  Wire wire(restarting(Role::controlling), restarting(Role::controlled));
  wire.connect();
  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(12));
  REQUIRE(wire.a.restarts_needed == 1);
  wire.move(wire.a, IpAddress::v4(192, 0, 2, 102));
  wire.run_for(seconds(4));
  CHECK(wire.a.restarts_needed == 1);
  wire.run_for(seconds(2));
  CHECK(wire.a.restarts_needed == 2);
}

TEST_CASE("restart: unless it was wished for nobody is asked", "[ice][rfc8445-9]") {
  Wire wire;
  wire.connect();
  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(60));
  CHECK(wire.a.restarts_needed == 0);
  CHECK(wire.a.agent.state() == State::failed);
}
