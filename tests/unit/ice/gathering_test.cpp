#include <algorithm>

#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const TransportAddress server = *TransportAddress::parse("198.51.100.1:3478");
const TransportAddress dead_server = *TransportAddress::parse("198.51.100.2:3478");

/// A STUN server that sees everybody at `seen`.
std::function<std::optional<ByteVector>(const Datagram&)> stun_server(TransportAddress seen) {
  return [seen](const Datagram& datagram) -> std::optional<ByteVector> {
    const auto message = stun::MessageView::parse(datagram.bytes);
    if (datagram.to != server || !message || message->message_class() != stun::Class::request)
      return std::nullopt;
    ByteVector buffer(128);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                                 message->transaction_id());
    builder.add(stun::XorMappedAddress{seen});
    return copy_of(builder.finish());
  };
}

/// What a TURN server with user u and password p says to the first Allocate, and to the one that
/// then has credentials.
ByteVector challenge(Bytes request) {
  ByteVector buffer(256);
  stun::MessageBuilder builder(buffer, stun::Class::error_response, stun::Method::allocate,
                               stun::MessageView::parse(request)->transaction_id());
  builder.add(stun::ErrorCode{401, {}}).add(stun::Realm{"test"}).add(stun::Nonce{"nonce"});
  return copy_of(builder.finish());
}
ByteVector allocated(Bytes request) {
  ByteVector buffer(256);
  stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::allocate,
                               stun::MessageView::parse(request)->transaction_id());
  builder.add(stun::XorRelayedAddress{*TransportAddress::parse("198.51.100.1:50000")})
      .add(stun::XorMappedAddress{*TransportAddress::parse("203.0.113.9:40000")})
      .add(stun::LifetimeAttribute{600})
      .add_message_integrity(
          stun::long_term_key(stun::PasswordAlgorithmNumber::md5, "u", "test", "p"));
  return copy_of(builder.finish());
}

const auto seen = *TransportAddress::parse("203.0.113.9:40000");

}  // namespace

TEST_CASE("gathering: the reflexive candidate names its base, and has a foundation of its own",
          "[ice][rfc8445-5.1.1.2]") {
  Wire wire({.role = Role::controlling, .stun_servers = {server}});
  wire.elsewhere = stun_server(seen);
  wire.gather(wire.a);
  CHECK_FALSE(wire.a.gathering_done);
  wire.run_for(milliseconds(30));
  CHECK(wire.a.gathering_done);
  REQUIRE(wire.a.candidates.size() == 2);
  const Candidate& host = wire.a.candidates[0];
  const Candidate& reflexive = wire.a.candidates[1];
  CHECK(reflexive.type == CandidateType::server_reflexive);
  CHECK(reflexive.address == seen);
  CHECK(reflexive.related == host.address);
  CHECK(reflexive.foundation != host.foundation);
  CHECK(reflexive.priority < host.priority);
}

TEST_CASE("gathering: a reflexive candidate equal to the host's is redundant",
          "[ice][rfc8445-5.1.3]") {
  Wire wire({.role = Role::controlling, .stun_servers = {server}});
  wire.elsewhere = stun_server(*TransportAddress::parse("192.0.2.1:5001"));
  wire.gather(wire.a);
  wire.run_for(milliseconds(30));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.candidates.size() == 1);
}

TEST_CASE("gathering: with trickle a dead server delays nothing but the end",
          "[ice][rfc8489-6.2.1]") {
  Wire wire({.role = Role::controlling, .stun_servers = {dead_server, server}, .trickle = true});
  wire.elsewhere = stun_server(seen);
  wire.gather(wire.a);
  wire.run_for(milliseconds(50));
  CHECK(wire.a.candidates.size() == 2);
  CHECK_FALSE(wire.a.gathering_done);
  wire.run_for(seconds(41));
  CHECK(wire.a.gathering_done);
  REQUIRE(wire.a.failed_servers.size() == 1);
  CHECK(wire.a.failed_servers[0].server == dead_server);
}

TEST_CASE("gathering: a dead server is waited for half a second once another has answered",
          "[ice][rfc8838-13]") {
  Wire wire({.role = Role::controlling, .stun_servers = {dead_server, server}});
  wire.elsewhere = stun_server(seen);
  wire.gather(wire.a);
  wire.run_for(milliseconds(500));
  CHECK_FALSE(wire.a.gathering_done);
  wire.run_for(milliseconds(100));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.candidates.size() == 2);
  REQUIRE(wire.a.failed_servers.size() == 1);
  CHECK(wire.a.failed_servers[0].server == dead_server);
}

TEST_CASE("gathering: where no server answers it is done after five seconds", "[ice][rfc8838-13]") {
  Wire wire({.role = Role::controlling,
             .stun_servers = {dead_server},
             .turn_servers = {{server, {"u", "p"}}}});
  wire.gather(wire.a);
  wire.run_for(milliseconds(4'900));
  CHECK_FALSE(wire.a.gathering_done);
  wire.run_for(milliseconds(200));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.candidates.size() == 1);
  CHECK(wire.a.failed_servers.size() == 2);
  wire.run_for(seconds(60));
  CHECK(wire.a.failed_servers.size() == 2);
}

TEST_CASE("gathering: a server that answers one of the sockets is none that does not answer",
          "[ice]") {
  Wire wire({.role = Role::controlling, .components = 2, .stun_servers = {server}});
  wire.elsewhere = [](const Datagram& datagram) {
    return datagram.from.port == 5001 ? stun_server(seen)(datagram) : std::nullopt;
  };
  wire.gather(wire.a);
  wire.run_for(seconds(6));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.failed_servers.empty());
}

TEST_CASE("gathering: a relayed address that comes too late is given back",
          "[ice][rfc8838-10][rfc8656-8]") {
  Wire wire({.role = Role::controlling, .turn_servers = {{server, {"u", "p"}}}});
  ByteVector request;
  wire.elsewhere = [&](const Datagram& datagram) -> std::optional<ByteVector> {
    request = datagram.bytes;
    return std::nullopt;
  };
  wire.gather(wire.a);
  wire.run_for(seconds(6));
  REQUIRE(wire.a.gathering_done);

  wire.deliver(wire.a, server, challenge(request));
  wire.deliver(wire.a, server, allocated(request));
  CHECK(wire.a.candidates.size() == 1);
  const auto refresh = stun::MessageView::parse(request);
  REQUIRE(refresh);
  CHECK(refresh->is(stun::Class::request, stun::Method::refresh));
  CHECK(refresh->get<stun::LifetimeAttribute>()->value == 0);
}

TEST_CASE("gathering: servers that are found later are asked, and waited for", "[ice][rfc8838-8]") {
  Wire wire({.role = Role::controlling, .trickle = true});
  wire.elsewhere = stun_server(seen);
  wire.a.agent.expect_servers();
  wire.gather(wire.a);
  wire.run_for(seconds(1));
  CHECK(wire.a.candidates.size() == 1);
  CHECK_FALSE(wire.a.gathering_done);
  wire.a.agent.add_servers(wire.now, {server}, {});
  wire.a.agent.end_of_servers(wire.now);
  wire.drain(wire.a);
  CHECK_FALSE(wire.a.gathering_done);
  wire.run_for(milliseconds(30));
  CHECK(wire.a.candidates.size() == 2);
  CHECK(wire.a.gathering_done);
}

TEST_CASE("gathering: a relay that is found later relays", "[ice][rfc8838-8]") {
  Wire wire({.role = Role::controlling, .stun_servers = {dead_server}, .trickle = true});
  int requests = 0;
  wire.elsewhere = [&](const Datagram& datagram) -> std::optional<ByteVector> {
    if (datagram.to != server) return std::nullopt;
    return requests++ == 0 ? challenge(datagram.bytes) : allocated(datagram.bytes);
  };
  wire.a.agent.expect_servers();
  wire.gather(wire.a);
  wire.run_for(milliseconds(100));
  wire.a.agent.add_servers(wire.now, {}, {{server, {"u", "p"}}});
  wire.a.agent.end_of_servers(wire.now);
  wire.drain(wire.a);
  wire.run_for(milliseconds(100));
  CHECK(std::ranges::count(wire.a.candidates, CandidateType::relayed, &Candidate::type) == 1);
}

TEST_CASE("gathering: without trickle, servers that are not found in time are not waited for",
          "[ice][rfc8838-13]") {
  Wire wire({.role = Role::controlling});
  wire.a.agent.expect_servers();
  wire.gather(wire.a);
  wire.run_for(seconds(6));
  CHECK(wire.a.gathering_done);
}

TEST_CASE("gathering: ends with the nomination", "[ice][rfc8838-13]") {
  Wire wire({.role = Role::controlling, .stun_servers = {dead_server}, .trickle = true},
            {.role = Role::controlled});
  wire.connect();
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.a.gathering_done);
  CHECK(wire.now < Instant(seconds(1)));
  wire.run_for(seconds(60));
  CHECK(wire.a.failed_servers.empty());
}

TEST_CASE("gathering: without any address it is done at once, with nothing", "[ice]") {
  Wire wire;
  wire.a.agent.gather(wire.now, {});
  wire.drain(wire.a);
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.candidates.empty());
  CHECK(wire.a.agent.state() == State::failed);
}

TEST_CASE("gathering: sockets get ports of the range, and why there is none is told", "[ice]") {
  SeededRandom random{1};
  Agent agent({.role = Role::controlling, .ports = {50000, 50100}}, random);
  const IpAddress address = IpAddress::v4(192, 0, 2, 1);
  agent.gather({}, {&address, 1});
  const auto command = agent.poll_command();
  REQUIRE(command);
  const auto& asked = std::get<OpenSocket>(*command);
  CHECK(asked.local == TransportAddress{address, 0});
  CHECK(asked.ports == PortRange{50000, 50100});
  agent.handle_socket_opened({}, asked.id, std::unexpected("none is free"));
  std::string reason;
  while (const auto event = agent.poll_event())
    if (const auto* changed = std::get_if<StateChanged>(&*event)) reason = changed->reason;
  CHECK(reason == "no candidate of our own: none is free");
}

TEST_CASE("gathering: with policy relay and no relay it fails at once", "[ice][rfc8863-4]") {
  Wire wire(
      {.role = Role::controlling, .turn_servers = {{server, {"u", "p"}}}, .policy = Policy::relay});
  wire.gather(wire.a);
  wire.run_for(seconds(6));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.agent.state() == State::failed);
  CHECK(wire.a.reason == "no candidate of our own");
  CHECK(wire.a.failed_servers.size() == 1);
  wire.introduce();
  CHECK(wire.a.agent.state() == State::failed);
}

TEST_CASE("gathering: local preferences are unique, the families take turns", "[ice][rfc8421-4]") {
  Wire wire;
  const IpAddress addresses[] = {IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 3),
                                 *IpAddress::parse("2001:db8::1"),
                                 *IpAddress::parse("2001:db8::2")};
  wire.a.agent.gather(wire.now, addresses);
  wire.drain(wire.a);
  REQUIRE(wire.a.candidates.size() == 4);
  for (std::size_t i = 1; i < 4; ++i)
    CHECK(wire.a.candidates[i].priority < wire.a.candidates[i - 1].priority);
  CHECK(wire.a.candidates[0].address.ip.is_v6());
  CHECK(wire.a.candidates[1].address.ip.is_v4());
  CHECK(wire.a.candidates[2].address.ip.is_v6());
}

TEST_CASE(
    "gathering: with policy relay no address of the host is told, and no check answered there",
    "[ice][rfc8828-5.2]") {
  Wire wire({.role = Role::controlling, .stun_servers = {server}, .policy = Policy::relay});
  int sent = 0;
  wire.filter = [&](Datagram&) { return ++sent > 0; };
  wire.gather(wire.a);
  const auto& ours = wire.a.agent.local_credentials();
  wire.deliver(wire.a, seen, binding_request({ours.ufrag + ":x", ours.pwd, {}, 1, 1, false, true}));
  wire.run_for(seconds(1));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.candidates.empty());
  CHECK(sent == 0);
}
