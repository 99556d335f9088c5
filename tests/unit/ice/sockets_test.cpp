#include <malloc.h>

#include <set>

#include "tests/unit/ice/turn_server.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace {

std::size_t allocated_bytes() {
  return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
                                                 : mallinfo2().uordblks;
}

/// A host that moves on, and its agent, which never hears of a peer.
struct Traveller {
  Traveller() : agent({.role = Role::controlling}, random) {
    agent.gather(now, addresses());
    drain();
  }
  void move() {
    ip = IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(++moves % 200 + 1));
    agent.restart(now, addresses());
    drain();
  }
  std::span<const IpAddress> addresses() const { return {&ip, 1}; }
  void drain() {
    while (const auto command = agent.poll_command()) {
      if (const auto* asked = std::get_if<OpenSocket>(&*command)) {
        known_twice = known_twice || asked->id.value <= newest;
        newest = asked->id.value;
        ++open;
        agent.handle_socket_opened(now, asked->id, TransportAddress{ip, 4000});
      } else {
        open -= std::holds_alternative<CloseSocket>(*command) ? 1 : 0;
      }
    }
    while (agent.poll_event()) {
    }
  }

  SeededRandom random{1};
  Instant now{};
  IpAddress ip = IpAddress::v4(192, 0, 2, 1);
  int moves = 0;
  int open = 0;
  std::uint32_t newest = 0;
  bool known_twice = false;
  Agent agent;
};

}  // namespace

TEST_CASE("sockets: an agent that restarts elsewhere again and again does not grow",
          "[ice][rfc8445-9]") {
  Traveller traveller;
  for (int i = 0; i < 20; ++i) traveller.move();
  const std::size_t before = allocated_bytes();
  for (int i = 0; i < 200; ++i) traveller.move();
  CHECK(allocated_bytes() == before);
  CHECK(traveller.open == 1);
  CHECK_FALSE(traveller.known_twice);  // no id names two sockets
}

TEST_CASE("sockets: each of many restarts elsewhere finds a pair, and leaves no socket behind",
          "[ice][rfc8445-9]") {
  Wire wire;
  wire.connect();
  for (std::uint8_t i = 0; i < 20; ++i) {
    wire.a.ip = IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(10 + i));
    wire.restart();
    REQUIRE(wire.run_until([&] { return wire.a.selected && wire.b.selected; }));
    CHECK(wire.b.selected->remote.address.ip == wire.a.ip);
    wire.run_for(seconds(4));
    CHECK(wire.a.sockets.size() == 1);
  }
}

TEST_CASE("sockets: the place of one that a relay used is used by the next, and relays again",
          "[ice][rfc8445-9][rfc8656-7]") {
  for (const Transport transport : {Transport::udp, Transport::tcp}) {
    Config config{.role = Role::controlling, .trickle = true};
    config.turn_servers = {
        {*TransportAddress::parse("198.51.100.1:3478"), {"u", "p"}, transport, {}}};
    Wire wire(config);
    test::TurnServer server(wire);
    wire.elsewhere = [&](const Datagram& datagram) { return server.take(datagram); };
    wire.gather(wire.a);
    for (std::uint8_t i = 0; i < 5; ++i) {
      wire.run_for(seconds(45));  // what was asked by the former socket has been given up
      CHECK(wire.a.gathering_done);
      CHECK(std::ranges::count(wire.a.candidates, CandidateType::relayed, &Candidate::type) == 1);
      wire.a.candidates.clear();
      wire.a.gathering_done = false;
      wire.a.ip = IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(10 + i));
      wire.a.agent.restart(wire.now, {&wire.a.ip, 1});
      wire.drain(wire.a);
    }
  }
}
