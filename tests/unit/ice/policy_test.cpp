#include "tests/unit/ice/turn_server.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const auto server = *TransportAddress::parse("198.51.100.1:3478");
const TransportAddress nowhere{IpAddress::v4(0), 0};

/// A STUN server that sees everybody at this address, or where they are.
std::function<std::optional<ByteVector>(const Datagram&)> stun_server(
    std::optional<TransportAddress> seen = {}) {
  return [=](const Datagram& datagram) -> std::optional<ByteVector> {
    const auto request = stun::MessageView::parse(datagram.bytes);
    if (!request || datagram.to != server) return std::nullopt;
    ByteVector buffer(64);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                                 request->transaction_id());
    builder.add(stun::XorMappedAddress{seen.value_or(datagram.from)}).add_fingerprint();
    return copy_of(builder.finish());
  };
}

Config quiet(bool tcp = false) {
  return {
      .role = Role::controlling, .stun_servers = {server}, .tcp = tcp, .policy = Policy::no_host};
}

}  // namespace

TEST_CASE("policy: without host candidates what STUN shows is told, and not what it was shown for",
          "[ice][rfc8828-5.2]") {
  const auto seen = *TransportAddress::parse("203.0.113.7:4000");
  const bool tcp = GENERATE(true, false);
  Wire wire(quiet(tcp));
  wire.elsewhere = stun_server(seen);
  wire.gather(wire.a);
  wire.run_for(seconds(1));
  REQUIRE(wire.a.candidates.size() == (tcp ? 3 : 1));  // a passive one, one for simultaneous opens
  for (const Candidate& each : wire.a.candidates) {
    CHECK(each.type == CandidateType::server_reflexive);
    CHECK(each.address == seen);
    CHECK(each.related == nowhere);
  }
}

TEST_CASE("policy: without host candidates a host with no NAT before it is told of by STUN",
          "[ice][rfc8828-5.2]") {
  Wire wire(quiet());
  wire.elsewhere = stun_server();
  wire.connect();
  REQUIRE(wire.a.candidates.size() == 1);
  CHECK(wire.a.candidates[0].type == CandidateType::server_reflexive);
  CHECK(wire.a.candidates[0].address.ip == wire.a.ip);
  CHECK(wire.a.selected);
  CHECK(wire.b.selected);
}

TEST_CASE("policy: without host candidates and without a server the peer's can be reached",
          "[ice][rfc8828-5.2]") {
  Wire wire({.role = Role::controlling, .policy = Policy::no_host});
  wire.connect();
  CHECK(wire.a.candidates.empty());
  CHECK(wire.a.selected);
  CHECK(wire.b.selected);
}

TEST_CASE("policy: without UDP no socket is opened, and servers over it are none",
          "[ice][rfc8828-5.2]") {
  Config config{.role = Role::controlling, .policy = Policy::relay, .udp = false};
  config.turn_servers = {{server, {"u", "p"}, GENERATE(Transport::udp, Transport::dtls), "turn"},
                         {server, {"u", "p"}, Transport::tls, "turn"}};
  Wire wire(std::move(config));
  test::TurnServer turn(wire);
  wire.elsewhere = [&](const Datagram& datagram) { return turn.take(datagram); };
  wire.gather(wire.a);
  wire.run_for(seconds(1));
  REQUIRE(wire.a.connections.size() == 1);
  CHECK(wire.a.connections[0].transport == Transport::tls);
  REQUIRE(wire.a.failed_servers.size() == 1);
  CHECK(wire.a.failed_servers[0].reason == "is asked over UDP, which is off");
  REQUIRE(wire.a.candidates.size() == 1);
  CHECK(wire.a.candidates[0].type == CandidateType::relayed);
  CHECK(wire.a.candidates[0].related == nowhere);
}

TEST_CASE("policy: without UDP peers meet over TCP", "[ice][rfc6544-7]") {
  Wire wire({.role = Role::controlling, .tcp = true, .udp = false},
            {.role = Role::controlled, .tcp = true});
  wire.connect();
  REQUIRE(wire.a.selected);
  CHECK(wire.a.selected->local.transport == Transport::tcp);
  CHECK(wire.b.selected);
}
