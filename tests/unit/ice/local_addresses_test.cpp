#include "tests/unit/ice/turn_server.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const IpAddress first = IpAddress::v4(192, 0, 2, 1);  // a's at first
const IpAddress other = IpAddress::v4(192, 0, 2, 101);
const IpAddress elsewhere = IpAddress::v4(192, 0, 2, 102);

/// Until the receiver has what the sender sends again and again from now on; how long it took.
Duration until_data_arrives(Wire& wire, Peer& from, Peer& to, Duration limit = seconds(20)) {
  const Instant began = wire.now;
  to.received.clear();
  while (to.received.empty() && wire.now - began < limit) {
    ByteVector buffer(datagram_headroom + 4 + datagram_tailroom);
    if (const auto ready =
            from.agent.send(wire.now, {}, MutableBytes(buffer).subspan(datagram_headroom, 4));
        ready && from.sockets.contains(ready->from))
      wire.carry(from, ready->from, ready->to, ready->datagram);
    wire.run_for(milliseconds(20));
  }
  return wire.now - began;
}

bool lives(const Peer& peer) {
  return std::ranges::find(peer.states, State::failed) == peer.states.end();
}

}  // namespace

TEST_CASE("local addresses: data goes on by the other one when the one in use is gone", "[ice]") {
  Wire wire;
  Peer& mover = GENERATE(true, false) ? wire.a : wire.b;
  Peer& stayer = &mover == &wire.a ? wire.b : wire.a;
  mover.second_ip = other;
  wire.connect();
  wire.run_for(seconds(1));
  REQUIRE(mover.selected);
  const bool uses_first = mover.selected->local.address.ip == mover.ip;
  const IpAddress left = uses_first ? other : mover.ip;
  wire.move(mover, left);
  CHECK(until_data_arrives(wire, mover, stayer) <= milliseconds(40));
  CHECK(until_data_arrives(wire, stayer, mover) < milliseconds(2000));
  REQUIRE(wire.run_until([&] { return mover.selected->local.address.ip == left; }));
  CHECK(stayer.selected->remote.address.ip == left);
  CHECK(lives(wire.a));
  CHECK(lives(wire.b));
}

TEST_CASE("local addresses: whenever one of either side is gone, another is nominated", "[ice]") {
  const bool controlling = GENERATE(true, false);
  for (int ms = 0; ms < 150; ++ms) {
    Wire wire;
    Peer& mover = controlling ? wire.a : wire.b;
    mover.second_ip = other;
    wire.gather(wire.a);
    wire.gather(wire.b);
    wire.introduce();
    wire.run_for(milliseconds(ms));
    wire.move(mover, other);
    INFO((controlling ? "controlling" : "controlled") << " after " << ms << " ms");
    CHECK(wire.run_until([&] { return wire.a.selected && wire.b.selected; }, seconds(3)));
    CHECK(until_data_arrives(wire, wire.a, wire.b) <= milliseconds(2000));
    CHECK(until_data_arrives(wire, wire.b, wire.a) <= milliseconds(2000));
  }
}

TEST_CASE("local addresses: others that went the same way are dead, too, and are found out at once",
          "[ice]") {
  Wire wire;
  Peer& mover = GENERATE(true, false) ? wire.a : wire.b;
  Peer& stayer = &mover == &wire.a ? wire.b : wire.a;
  wire.a.second_ip = other;
  wire.b.second_ip = elsewhere;
  wire.connect();
  wire.run_for(seconds(1));
  const IpAddress left = *mover.second_ip;
  const IpAddress there = *stayer.second_ip;
  wire.filter = [&](const Datagram& datagram) {
    const auto is = [&](const IpAddress& ip) {
      return datagram.from.ip == ip || datagram.to.ip == ip;
    };
    return is(left) && is(there);
  };
  wire.move(mover, left);
  CHECK(until_data_arrives(wire, mover, stayer) < milliseconds(2000));
  CHECK(until_data_arrives(wire, stayer, mover) < milliseconds(3000));
  REQUIRE(wire.run_until([&] { return mover.selected->remote.address.ip == there; }));
}

TEST_CASE("local addresses: one that comes is tried as a backup while the selected pair stays",
          "[ice]") {
  Wire wire;
  Peer& mover = GENERATE(true, false) ? wire.a : wire.b;
  Peer& stayer = &mover == &wire.a ? wire.b : wire.a;
  wire.connect();
  const TransportAddress selected = mover.selected->local.address;
  wire.move(mover, mover.ip, other);
  wire.run_for(seconds(2));
  CHECK(mover.selected->local.address == selected);
  bool works = false;
  wire.a.agent.for_each_pair([&](const PairReport& pair) {
    works |= pair.valid && (pair.local.address.ip == other || pair.remote.address.ip == other);
  });
  CHECK(works);
  wire.move(mover, other);
  CHECK(until_data_arrives(wire, mover, stayer) <= milliseconds(40));
  CHECK(until_data_arrives(wire, stayer, mover) < milliseconds(2000));
}

TEST_CASE("local addresses: a host that has none for a while comes back at another", "[ice]") {
  Wire wire;
  Peer& mover = GENERATE(true, false) ? wire.a : wire.b;
  Peer& stayer = &mover == &wire.a ? wire.b : wire.a;
  wire.connect();
  mover.ip = elsewhere;
  mover.agent.handle_local_addresses(wire.now, {});
  wire.drain(mover);
  CHECK(mover.agent.state() == State::checking);
  wire.run_for(seconds(8));
  CHECK(lives(mover));
  wire.move(mover, elsewhere);
  CHECK(until_data_arrives(wire, mover, stayer) < seconds(10));
  CHECK(until_data_arrives(wire, stayer, mover) < seconds(10));
  CHECK(lives(stayer));
}

TEST_CASE("local addresses: with none for good the session fails", "[ice][rfc8863-4]") {
  Wire wire;
  wire.connect();
  wire.a.agent.handle_local_addresses(wire.now, {});
  wire.drain(wire.a);
  wire.run_for(seconds(60));
  CHECK(wire.a.agent.state() == State::failed);
  CHECK(wire.b.agent.state() == State::failed);
}

TEST_CASE("local addresses: a new one is told only where gathering does not end",
          "[ice][rfc8838-13]") {
  const bool continual = GENERATE(true, false);
  Wire wire({.role = Role::controlling, .trickle = true, .continual_gathering = continual});
  wire.connect();
  CHECK(wire.a.gathering_done == !continual);
  wire.a.candidates.clear();
  wire.move(wire.a, first, other);
  wire.run_for(seconds(1));
  CHECK(wire.a.candidates.size() == (continual ? 1u : 0u));
}

TEST_CASE("local addresses: what is not changed stays as it is, but the path is asked", "[ice]") {
  Wire wire;
  wire.connect();
  wire.run_for(seconds(2));
  int sent = 0;
  wire.filter = [&](Datagram& datagram) {
    sent += datagram.to.ip == wire.b.ip;
    return true;
  };
  wire.move(wire.a, first);
  CHECK(sent == 1);
  CHECK(wire.a.closed.empty());
  CHECK(wire.a.agent.state() == State::completed);
}

TEST_CASE("local addresses: relays of a lost one are lost with it, and asked for anew", "[ice]") {
  Config config{.role = Role::controlling};
  config.turn_servers = {{*TransportAddress::parse("198.51.100.1:3478"), {"u", "p"}}};
  Wire wire(std::move(config));
  test::TurnServer server(wire);
  wire.elsewhere = [&](const Datagram& datagram) { return server.take(datagram); };
  wire.connect();
  wire.run_for(seconds(1));
  server.asked.clear();
  wire.move(wire.a, elsewhere);
  REQUIRE(wire.run_until([&] {
    return std::ranges::find(server.asked, stun::Method::allocate) != server.asked.end();
  }));
  CHECK(until_data_arrives(wire, wire.a, wire.b) < seconds(3));
}

TEST_CASE("local addresses: before and after a session they are of no concern", "[ice]") {
  Wire wire;
  wire.move(wire.a, first, other);
  CHECK(wire.a.sockets.empty());
  wire.connect();
  wire.a.agent.close(wire.now);
  wire.drain(wire.a);
  wire.move(wire.a, elsewhere);
  CHECK_FALSE(wire.a.agent.poll_command());
  CHECK(wire.a.agent.poll_timeout() == never);
}
