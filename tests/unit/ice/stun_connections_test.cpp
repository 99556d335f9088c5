#include <algorithm>
#include <set>

#include "ice/tcp_candidates.hpp"
#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const auto server = *TransportAddress::parse("198.51.100.1:3478");
const auto other_server = *TransportAddress::parse("198.51.100.2:3478");
const auto nat_address = IpAddress::v4(203, 0, 113, 9);

Config with_server(Role role = Role::controlling) {
  return {.role = role, .stun_servers = {server}, .tcp = true};
}

/// How the NAT has mapped what the request came from: the port is another one by a thousand.
TransportAddress mapped(const TransportAddress& from) {
  return {nat_address, static_cast<std::uint16_t>(from.port + 1000)};
}

ByteVector answer(const stun::MessageView& request, const TransportAddress& seen) {
  ByteVector buffer(128);
  stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                               request.transaction_id());
  builder.add(stun::XorMappedAddress{seen});
  return copy_of(builder.finish());
}

bool is_indication(const Datagram& datagram) {
  const auto message = stun::MessageView::parse(datagram.bytes);
  return message && message->message_class() == stun::Class::indication;
}

/// Answers Binding requests, over TCP and if it may over UDP.
auto stun_server(bool over_udp = true) {
  return [over_udp](const Datagram& datagram) -> std::optional<ByteVector> {
    const auto request = stun::MessageView::parse(datagram.bytes);
    const bool asks = request && request->message_class() == stun::Class::request &&
                      request->method() == stun::Method::binding;
    if (!asks || (!over_udp && !datagram.connection)) return std::nullopt;
    return answer(*request, mapped(datagram.from));
  };
}

std::vector<Candidate> reflexive(const Peer& peer) {
  std::vector<Candidate> found;
  std::ranges::copy_if(peer.candidates, std::back_inserter(found), [](const Candidate& each) {
    return each.type == CandidateType::server_reflexive && each.transport == Transport::tcp;
  });
  return found;
}

std::optional<Candidate> of_type(std::vector<Candidate> candidates, CandidateType candidate,
                                 TcpType type) {
  const auto found = std::ranges::find_if(candidates, [&](const Candidate& each) {
    return each.type == candidate && tcp_type_of(each) == type;
  });
  return found == candidates.end() ? std::nullopt : std::optional(*found);
}

/// Those to STUN servers that have not been closed.
std::size_t open_connections(const Peer& peer) {
  return static_cast<std::size_t>(
      std::ranges::count_if(peer.connections, [&](const OpenConnection& each) {
        return peer.sockets.contains(each.id) &&
               std::ranges::find(peer.closed, each.id) == peer.closed.end();
      }));
}

}  // namespace

TEST_CASE("stun connections: one from each listener's port shows what the NAT makes of it",
          "[ice][rfc6544-5.2][rfc6544-4.2]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  CHECK(wire.a.gathering_done);
  REQUIRE(wire.a.connections.size() == 2);
  for (const OpenConnection& each : wire.a.connections) {
    CHECK(each.server == server);
    CHECK(each.transport == Transport::tcp);
  }
  REQUIRE(reflexive(wire.a).size() == 2);
  for (const TcpType type : {TcpType::passive, TcpType::simultaneous_open}) {
    const auto host = of_type(wire.a.candidates, CandidateType::host, type);
    const auto seen = of_type(wire.a.candidates, CandidateType::server_reflexive, type);
    REQUIRE(host);
    REQUIRE(seen);
    CHECK(std::ranges::count(wire.a.connections, host->address, &OpenConnection::local) == 1);
    CHECK(seen->address == mapped(host->address));
    CHECK(seen->related == host->address);
    CHECK(seen->foundation != host->foundation);
    CHECK(seen->priority < host->priority);
    CHECK((seen->priority >> 21 & 7) == (type == TcpType::passive ? 2u : 6u));
    CHECK(Candidate::parse(seen->to_string()) == *seen);
  }
}

TEST_CASE("stun connections: without a NAT they show nothing new", "[ice][rfc8445-5.1.3]") {
  Wire wire(with_server());
  wire.elsewhere = [](const Datagram& datagram) -> std::optional<ByteVector> {
    const auto request = stun::MessageView::parse(datagram.bytes);
    return request ? std::optional(answer(*request, datagram.from)) : std::nullopt;
  };
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  CHECK(wire.a.gathering_done);
  CHECK(open_connections(wire.a) == 2);
  CHECK(reflexive(wire.a).empty());
}

TEST_CASE("stun connections: transactions are paced, and connections opened when it is their turn",
          "[ice][rfc6544-4.1]") {
  Config config = with_server();
  config.stun_servers.push_back(other_server);
  config.ta = milliseconds(50);
  Wire wire(config);
  wire.elsewhere = stun_server();
  wire.gather(wire.a);  // two transactions over UDP come first
  CHECK(wire.a.connections.empty());
  wire.run_for(milliseconds(110));
  CHECK(wire.a.connections.size() == 1);
  wire.run_for(milliseconds(150));
  CHECK(wire.a.connections.size() == 4);
}

TEST_CASE("stun connections: candidates that two servers show are preferred one after the other",
          "[ice][rfc6544-4.2][rfc8445-5.1.2]") {
  Config config = with_server();
  config.stun_servers.push_back(other_server);
  Wire wire(config);
  wire.elsewhere = [](const Datagram& datagram) -> std::optional<ByteVector> {
    const auto request = stun::MessageView::parse(datagram.bytes);
    if (!request) return std::nullopt;
    TransportAddress seen = mapped(datagram.from);
    if (datagram.to == other_server) seen.port += 1000;
    return answer(*request, seen);
  };
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  REQUIRE(reflexive(wire.a).size() == 4);
  std::set<std::uint32_t> priorities;
  for (const Candidate& each : wire.a.candidates) priorities.insert(each.priority);
  CHECK(priorities.size() == wire.a.candidates.size());
}

TEST_CASE("stun connections: a TURN server over TCP is asked, too", "[ice][rfc6544-5.2]") {
  Config config{.role = Role::controlling, .tcp = true};
  config.turn_servers = {{server, {"u", "p"}, Transport::tcp, {}},
                         {other_server, {"u", "p"}, Transport::tls, {}}};
  Wire wire(config);
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  CHECK(reflexive(wire.a).size() == 2);
  CHECK(std::ranges::count_if(wire.a.connections, [](const OpenConnection& each) {
          return each.local.port != 0 && each.server == server;
        }) == 2);
  CHECK(std::ranges::count_if(wire.a.connections, [](const OpenConnection& each) {
          return each.local.port == 0;
        }) == 4);  // to each of both, for a relay of UDP and one of TCP
}

TEST_CASE("stun connections: a server whose name was looked up meanwhile is asked",
          "[ice][rfc6544-5.2]") {
  Wire wire({.role = Role::controlling, .tcp = true});
  wire.elsewhere = stun_server();
  wire.a.agent.expect_servers();
  wire.gather(wire.a);
  CHECK(wire.a.connections.empty());
  wire.a.agent.add_servers(wire.now, {server}, {});
  wire.a.agent.end_of_servers(wire.now);
  wire.drain(wire.a);
  wire.run_for(milliseconds(200));
  CHECK(wire.a.gathering_done);
  CHECK(reflexive(wire.a).size() == 2);
}

TEST_CASE("stun connections: none without the option, for a lite agent, or to hide our addresses",
          "[ice][rfc6544-4.1][rfc6544-4.4]") {
  Config without = with_server(), lite = with_server(), hidden = with_server();
  without.tcp = false;
  lite.lite = true;
  hidden.policy = Policy::relay;
  for (const Config& config : {without, lite, hidden}) {
    Wire wire(config);
    wire.elsewhere = stun_server();
    wire.gather(wire.a);
    wire.run_for(seconds(1));
    CHECK(wire.a.connections.empty());
    CHECK(reflexive(wire.a).empty());
  }
}

TEST_CASE("stun connections: with names in place of addresses the base is not told",
          "[ice][rfc6544-5.2]") {
  Config config = with_server();
  config.mdns_names = true;
  Wire wire(config);
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  REQUIRE(reflexive(wire.a).size() == 2);
  for (const Candidate& each : reflexive(wire.a))
    CHECK(each.related == TransportAddress{IpAddress::v4(0), 0});
}

TEST_CASE("stun connections: a server that refuses them costs no waiting, and has not failed",
          "[ice][rfc6544-5.2]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  wire.connections_work = false;
  wire.gather(wire.a);
  wire.run_for(milliseconds(30));  // what UDP takes
  CHECK(wire.a.connections.size() == 2);
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.failed_servers.empty());
}

TEST_CASE("stun connections: one that neither comes about nor is refused is not waited for long",
          "[ice][rfc6544-5.2]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  wire.connection_hangs = [](const auto&) { return true; };
  wire.gather(wire.a);
  wire.run_for(milliseconds(600));  // a straggler, once UDP was answered
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.failed_servers.empty());
  CHECK(wire.a.closed.size() == 2);
}

TEST_CASE("stun connections: where UDP is blocked the answer over TCP ends the waiting for it",
          "[ice][rfc6544-5.2]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server(false);
  wire.gather(wire.a);
  wire.run_for(milliseconds(600));
  CHECK(wire.a.gathering_done);
  CHECK(reflexive(wire.a).size() == 2);
  CHECK(wire.a.failed_servers.empty());
}

TEST_CASE("stun connections: their answers do not end the waiting for a relay",
          "[ice][rfc6544-5.2]") {
  Config config = with_server();
  config.turn_servers = {{other_server, {"u", "p"}, Transport::tls, {}}};
  Wire wire(config);
  const auto is_relay = [](const OpenConnection& each) { return each.transport == Transport::tls; };
  wire.connection_hangs = is_relay;
  wire.elsewhere = stun_server(false);
  wire.gather(wire.a);
  wire.run_for(seconds(2));
  CHECK(reflexive(wire.a).size() == 2);
  CHECK_FALSE(wire.a.gathering_done);
  for (const OpenConnection& each : wire.a.connections)
    if (is_relay(each))
      wire.a.agent.handle_socket_opened(wire.now, each.id, std::unexpected("refused"));
  wire.drain(wire.a);
  wire.run_for(milliseconds(600));  // UDP is a straggler now
  CHECK(wire.a.gathering_done);
}

TEST_CASE("stun connections: over one a request is sent once", "[ice][rfc8489-6.2.2]") {
  Config config = with_server();
  config.trickle = true;
  Wire wire(config);
  int sent = 0;
  wire.elsewhere = [&](const Datagram& datagram) -> std::optional<ByteVector> {
    sent += datagram.connection.has_value() && !is_indication(datagram);
    return std::nullopt;
  };
  wire.gather(wire.a);
  wire.run_for(seconds(60));
  CHECK(sent == 2);
  CHECK(wire.a.gathering_done);
  CHECK(open_connections(wire.a) == 0);  // of no use
}

TEST_CASE("stun connections: kept open and alive until pairs are selected, and then closed",
          "[ice][rfc6544-4.1][rfc6544-8][rfc6544-11.2]") {
  Wire wire(with_server(), {.role = Role::controlled, .tcp = true});
  int keepalives = 0;
  wire.elsewhere = [&, serve = stun_server()](const Datagram& datagram) {
    keepalives += datagram.connection.has_value() && is_indication(datagram);
    return serve(datagram);
  };
  wire.gather(wire.a);
  wire.run_for(seconds(50));
  CHECK(open_connections(wire.a) == 2);
  CHECK(keepalives == 6);  // each 15 s
  wire.gather(wire.b);
  wire.introduce();
  REQUIRE(wire.run_until([&] { return wire.a.agent.state() == State::completed; }));
  CHECK(open_connections(wire.a) == 2);
  keepalives = 0;
  wire.run_for(seconds(60));
  CHECK(open_connections(wire.a) == 0);
  CHECK(keepalives == 0);
  CHECK(wire.a.agent.state() == State::completed);
}

TEST_CASE("stun connections: what peers open does not count them, nor close them",
          "[ice][rfc6544-7.2]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  const auto passive = of_type(wire.a.candidates, CandidateType::host, TcpType::passive);
  REQUIRE(passive);
  const auto listener = std::ranges::find_if(
      wire.a.sockets, [&](const auto& each) { return each.second == passive->address; });
  int accepted = 0;
  for (std::uint16_t port = 1; port <= 70; ++port)
    accepted +=
        wire.a.agent.handle_accepted(wire.now, listener->first, {nat_address, port}).has_value();
  CHECK(accepted == 64);
  wire.drain(wire.a);
  CHECK(open_connections(wire.a) == 2);
}

TEST_CASE("stun connections: their number is limited", "[ice][rfc6544-5.2]") {
  Config config = with_server();
  config.trickle = true;
  for (std::uint8_t i = 2; i < 60; ++i)
    config.stun_servers.push_back({IpAddress::v4(198, 51, 100, i), 3478});
  Wire wire(config);
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(seconds(2));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.connections.size() == 64);
}

TEST_CASE("stun connections: where the server ends one, what it has shown stays",
          "[ice][rfc6544-11.2]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  SECTION("before it has answered: nothing is waited for") {
    wire.elsewhere = [](const Datagram& datagram) {
      return datagram.connection ? std::nullopt : stun_server()(datagram);
    };
    wire.gather(wire.a);
    wire.run_for(milliseconds(100));
    REQUIRE(wire.a.connections.size() == 2);
    CHECK_FALSE(wire.a.gathering_done);
    for (const OpenConnection& each : wire.a.connections)
      wire.a.agent.handle_disconnected(wire.now, each.id, "reset");
    wire.drain(wire.a);
    CHECK(wire.a.gathering_done);
    CHECK(reflexive(wire.a).empty());
  }
  SECTION("later") {
    int keepalives = 0;
    wire.elsewhere = [&, serve = stun_server()](const Datagram& datagram) {
      keepalives += datagram.connection.has_value() && is_indication(datagram);
      return serve(datagram);
    };
    wire.gather(wire.a);
    wire.run_for(milliseconds(100));
    for (const OpenConnection& each : wire.a.connections)
      wire.a.agent.handle_disconnected(wire.now, each.id, "reset");
    wire.drain(wire.a);
    wire.run_for(seconds(20));
    CHECK(keepalives == 0);
    CHECK(reflexive(wire.a).size() == 2);
  }
}

TEST_CASE("stun connections: a server that says what cannot be is left", "[ice][rfc8489-6.3.3]") {
  const char* const seen = GENERATE("203.0.113.9:0", "[2001:db8::9]:4000");
  Wire wire(with_server());
  wire.elsewhere = [&](const Datagram& datagram) -> std::optional<ByteVector> {
    const auto request = stun::MessageView::parse(datagram.bytes);
    if (!request) return std::nullopt;
    return answer(*request,
                  datagram.connection ? *TransportAddress::parse(seen) : mapped(datagram.from));
  };
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  CHECK(wire.a.gathering_done);
  CHECK(reflexive(wire.a).empty());
  CHECK(open_connections(wire.a) == 0);
}

TEST_CASE("stun connections: a server is no peer, whatever it sends", "[ice][rfc6544-5.2]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  REQUIRE(wire.a.connections.size() == 2);
  int sent = 0;
  wire.elsewhere = [&](const Datagram&) -> std::optional<ByteVector> {
    ++sent;
    return std::nullopt;
  };
  const Credentials& ours = wire.a.agent.local_credentials();
  const ByteVector check = binding_request(
      {.username = ours.ufrag + ":them", .password = ours.pwd, .controlling = {}, .controlled = 7});
  ByteVector broken = check;
  broken[3] ^= 4;
  for (ByteVector bytes : {check, broken, copy_of(as_bytes("not STUN at all, nor of our peer"))}) {
    CHECK_FALSE(wire.a.agent.handle_datagram(wire.now, wire.a.connections[0].id, server, bytes));
    wire.drain(wire.a);
  }
  CHECK(sent == 0);
  CHECK(wire.a.agent.counters().malformed == 2);
  CHECK(wire.a.agent.counters().unmatched_responses == 1);
}

TEST_CASE("stun connections: a restart asks again on those that there are",
          "[ice][rfc8445-9][rfc6544-4.1]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  wire.a.candidates.clear();
  wire.a.gathering_done = false;
  const IpAddress addresses[] = {wire.a.ip};
  wire.a.agent.restart(wire.now, addresses);
  wire.drain(wire.a);
  wire.run_for(milliseconds(200));
  CHECK(wire.a.gathering_done);
  CHECK(wire.a.connections.size() == 2);
  CHECK(reflexive(wire.a).size() == 2);
}

TEST_CASE("stun connections: with the address that they left from they are gone",
          "[ice][rfc6544-4.1]") {
  Wire wire(with_server());
  wire.elsewhere = stun_server();
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  wire.move(wire.a, IpAddress::v4(192, 0, 2, 77));
  wire.run_for(milliseconds(200));
  CHECK(open_connections(wire.a) == 0);
}
