#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

bool both_selected(const Wire& wire) {
  return wire.a.selected && wire.b.selected;
}

}  // namespace

TEST_CASE("restart: credentials are new, roles stay, and a pair is selected again",
          "[ice][rfc8445-9]") {
  Wire wire;
  wire.connect();
  const Credentials before = wire.a.agent.local_credentials();
  const auto socket = wire.a.selected->local.address;
  wire.restart();
  CHECK(wire.a.agent.local_credentials().ufrag != before.ufrag);
  CHECK(wire.a.agent.local_credentials().pwd != before.pwd);
  CHECK(wire.a.agent.state() == State::checking);
  REQUIRE(wire.run_until([&] { return both_selected(wire); }));
  CHECK(wire.a.agent.role() == Role::controlling);
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.a.selected->local.address == socket);  // candidates may be used again
  wire.send(wire.a, "again");
  wire.run_for(milliseconds(20));
  CHECK(wire.b.received == std::vector<std::string>{"again"});
}

TEST_CASE("restart: until a new pair is selected data goes by the old one", "[ice][rfc8445-12.1]") {
  Wire wire;
  wire.connect();
  wire.restart();
  wire.send(wire.a, "meanwhile");
  wire.send(wire.b, "likewise");
  wire.run_for(milliseconds(10));
  CHECK(wire.b.received == std::vector<std::string>{"meanwhile"});
  CHECK(wire.a.received == std::vector<std::string>{"likewise"});
}

TEST_CASE("restart: one side alone keeps the old path for as long as the other consents",
          "[ice][rfc8445-12.1][rfc7675-5.1]") {
  Wire wire;
  wire.connect();
  const IpAddress addresses[] = {wire.a.ip};
  wire.signalling = false;
  wire.a.agent.restart(wire.now, addresses);
  wire.drain(wire.a);
  wire.run_for(seconds(
      60));  // the other's answer takes its time; both ask for consent with the old credentials
  CHECK(wire.b.agent.state() == State::completed);
  wire.send(wire.a, "still here");
  wire.run_for(milliseconds(10));
  CHECK(wire.b.received == std::vector<std::string>{"still here"});

  wire.filter = [](Datagram&) { return false; };
  wire.run_for(seconds(31));
  ByteVector buffer(datagram_headroom + 1);
  CHECK(wire.a.agent.send(wire.now, {}, MutableBytes(buffer).subspan(datagram_headroom)).error() ==
        SendError::no_path);
}

TEST_CASE("restart: the peer's is known by both ufrag and pwd being new",
          "[ice][rfc8839-4.4.1.1.1]") {
  Wire wire;
  const Credentials theirs = wire.b.agent.local_credentials();
  CHECK_FALSE(
      wire.a.agent.is_restart(theirs));  // nothing is known yet: it is the first description
  wire.connect();
  CHECK_FALSE(wire.a.agent.is_restart(theirs));
  CHECK(wire.a.agent.is_restart({"abcd", "0123456789012345678901"}));
}

TEST_CASE("restart: a failed session lives again", "[ice][rfc8445-9]") {
  Wire wire;
  wire.filter = [](Datagram&) { return false; };
  wire.connect();
  REQUIRE(wire.a.agent.state() == State::failed);
  wire.filter = [](Datagram&) { return true; };
  wire.restart();
  REQUIRE(wire.run_until([&] { return both_selected(wire); }));
  CHECK(wire.a.agent.state() == State::completed);
}

TEST_CASE("restart: an address that the host has no more is told no more, and its socket is closed",
          "[ice][rfc8445-9]") {
  Wire wire;
  wire.connect();
  wire.a.ip = IpAddress::v4(192, 0, 2, 3);
  wire.restart();
  REQUIRE(wire.a.candidates.size() == 1);
  CHECK(wire.a.candidates[0].address.ip == wire.a.ip);
  REQUIRE(wire.run_until([&] { return both_selected(wire); }));
  CHECK(wire.b.selected->remote.address.ip == wire.a.ip);
  wire.run_for(seconds(4));
  CHECK(wire.a.closed.size() == 1);
}

TEST_CASE("restart: a candidate that names another ufrag is of a session that is over",
          "[ice][rfc8838-9]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  Candidate stale = wire.b.candidates[0];
  stale.extensions = {{"ufrag", "gone"}};
  wire.a.agent.add_remote_candidate(wire.now, stale);
  CHECK(wire.a.agent.poll_timeout() != wire.now);
  stale.extensions = {{"ufrag", wire.b.agent.local_credentials().ufrag}};
  wire.a.agent.add_remote_candidate(wire.now, stale);
  int pairs = 0;
  wire.a.agent.for_each_pair([&](const PairReport&) { ++pairs; });
  CHECK(pairs == 1);
}
