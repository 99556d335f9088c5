#include "tests/unit/ice/turn_server.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const auto address = *TransportAddress::parse("198.51.100.1:3478");
const auto other_address = *TransportAddress::parse("198.51.100.2:3478");

Config with_server(Transport transport, Policy policy = Policy::all) {
  Config config{.role = Role::controlling, .policy = policy, .trickle = true};
  config.turn_servers = {{address, {"u", "p"}, transport, "turn.example.org"}};
  return config;
}

std::vector<Candidate> of_type(const Peer& peer, CandidateType type) {
  std::vector<Candidate> found;
  for (const Candidate& each : peer.candidates)
    if (each.type == type) found.push_back(each);
  return found;
}

}  // namespace

TEST_CASE("connections: a TURN server over TLS is connected to, by its name, and relays",
          "[ice][rfc8656-3.1]") {
  Wire wire(with_server(Transport::tls));
  test::TurnServer server(wire);
  wire.elsewhere = [&](const Datagram& datagram) { return server.take(datagram); };
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  REQUIRE(wire.a.connections.size() == 1);
  CHECK(wire.a.connections[0].server == address);
  CHECK(wire.a.connections[0].transport == Transport::tls);
  CHECK(wire.a.connections[0].host == "turn.example.org");
  REQUIRE(of_type(wire.a, CandidateType::relayed).size() == 1);
  CHECK(of_type(wire.a, CandidateType::relayed)[0].address == server.relayed);
  CHECK(of_type(wire.a, CandidateType::server_reflexive)
            .empty());  // where a stream seems to come from is of no use to UDP
}

TEST_CASE("connections: over a stream a request is sent once", "[ice][rfc8489-6.2.2]") {
  Wire wire(with_server(Transport::tcp));
  int sent = 0;
  wire.elsewhere = [&](const Datagram&) -> std::optional<ByteVector> {
    ++sent;
    return std::nullopt;
  };
  wire.gather(wire.a);
  wire.run_for(seconds(60));
  CHECK(sent == 1);
  REQUIRE(wire.a.failed_servers.size() == 1);
  CHECK(wire.a.failed_servers[0].reason == "does not answer");
}

TEST_CASE("connections: what UDP relays is preferred to what a stream relays",
          "[ice][rfc8445-5.1.2]") {
  Config config = with_server(Transport::udp);
  config.turn_servers.push_back({other_address, {"u", "p"}, Transport::tcp, {}});
  Wire wire(config);
  test::TurnServer udp(wire), tcp(wire);
  tcp.address = other_address;
  tcp.relayed = *TransportAddress::parse("198.51.100.2:50000");
  wire.elsewhere = [&](const Datagram& datagram) {
    const auto answer = udp.take(datagram);
    return answer ? answer : tcp.take(datagram);
  };
  wire.gather(wire.a);
  wire.run_for(milliseconds(200));
  const auto relayed = of_type(wire.a, CandidateType::relayed);
  REQUIRE(relayed.size() == 2);
  for (const Candidate& each : relayed)
    for (const Candidate& other : relayed)
      if (each.address == udp.relayed && other.address == tcp.relayed)
        CHECK(each.priority > other.priority);
}

TEST_CASE("connections: one that cannot be made is told of, and nothing waits for it", "[ice]") {
  Config config = with_server(Transport::tcp);
  config.trickle = false;
  Wire wire(config);
  wire.connections_work = false;
  wire.gather(wire.a);
  CHECK(wire.a.gathering_done);
  REQUIRE(wire.a.failed_servers.size() == 1);
  CHECK(wire.a.failed_servers[0].server == address);
  CHECK(wire.a.failed_servers[0].reason == "refused");
}

TEST_CASE("connections: data goes through one, and when it is lost the session says so",
          "[ice][rfc8656-3.1]") {
  Wire wire(with_server(Transport::tcp, Policy::relay));
  test::TurnServer server(wire);
  wire.elsewhere = [&](const Datagram& datagram) { return server.take(datagram); };
  wire.connect();
  REQUIRE(wire.a.agent.state() == State::completed);
  CHECK(wire.a.selected->local.address == server.relayed);
  wire.send(wire.a, "through the relay");
  wire.send(wire.b, "and back");
  wire.run_for(milliseconds(100));
  CHECK(wire.b.received == std::vector<std::string>{"through the relay"});
  CHECK(wire.a.received == std::vector<std::string>{"and back"});

  wire.a.agent.handle_disconnected(wire.now, wire.a.connections[0].id, "has closed the connection");
  wire.drain(wire.a);
  wire.run_for(seconds(2));
  CHECK(wire.a.agent.state() == State::failed);
}

TEST_CASE("connections: with another path alive, a lost one is no more than a move", "[ice]") {
  Config config = with_server(Transport::tcp);
  Wire wire(config);
  test::TurnServer server(wire);
  wire.elsewhere = [&](const Datagram& datagram) { return server.take(datagram); };
  bool direct = false;
  wire.filter = [&](Datagram& datagram) {
    const bool between = datagram.to.ip == wire.a.ip || datagram.to.ip == wire.b.ip;
    return direct || !between || datagram.from == server.relayed;
  };
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  REQUIRE(wire.run_until([&] { return wire.a.selected && wire.b.selected; }));
  CHECK(wire.a.selected->local.type == CandidateType::relayed);
  direct = true;  // the direct pairs are still checked, and are better
  REQUIRE(wire.run_until([&] { return wire.a.selected->local.type == CandidateType::host; }));
  REQUIRE(wire.run_until([&] { return wire.b.selected->remote.type == CandidateType::host; }));
  wire.a.agent.handle_disconnected(wire.now, wire.a.connections[0].id, "gone");
  wire.drain(wire.a);
  wire.send(wire.a, "still");
  wire.run_for(milliseconds(50));
  CHECK(wire.b.received == std::vector<std::string>{"still"});
  CHECK(wire.a.agent.state() == State::completed);
}

TEST_CASE("connections: a server that sends elsewhere is followed, once to each",
          "[ice][rfc8489-10]") {
  for (const Transport transport : {Transport::udp, Transport::tcp}) {
    Wire wire(with_server(transport));
    test::TurnServer first(wire), second(wire);
    second.address = other_address;
    first.alternate = other_address;
    wire.elsewhere = [&](const Datagram& datagram) {
      return datagram.to == address ? first.take(datagram) : second.take(datagram);
    };
    wire.gather(wire.a);
    wire.run_for(milliseconds(300));
    CHECK(of_type(wire.a, CandidateType::relayed).size() == 1);
    CHECK(wire.a.failed_servers.empty());
    CHECK(first.asked.size() == 2);
  }
  for (const Transport transport : {Transport::udp, Transport::tcp}) {
    Wire wire(with_server(transport));
    test::TurnServer first(wire), second(wire);
    second.address = other_address;
    first.alternate = other_address;
    second.alternate = address;
    wire.elsewhere = [&](const Datagram& datagram) {
      return datagram.to == address ? first.take(datagram) : second.take(datagram);
    };
    wire.gather(wire.a);
    wire.run_for(seconds(5));
    CHECK(first.asked.size() == 2);
    CHECK(second.asked.size() == 2);
    REQUIRE(wire.a.failed_servers.size() == 1);
    CHECK(wire.a.failed_servers[0].reason == "300: sends us to 198.51.100.1:3478");
  }
}

TEST_CASE("connections: closed with the agent, and when they relay nothing that is in use",
          "[ice][rfc8445-8.3.1]") {
  Config config = with_server(Transport::tcp);
  config.keep_backups = false;
  Wire wire(config);
  test::TurnServer server(wire);
  wire.elsewhere = [&](const Datagram& datagram) { return server.take(datagram); };
  wire.connect();
  REQUIRE(wire.a.selected->local.type == CandidateType::host);
  wire.run_for(seconds(40));
  CHECK(wire.a.closed == std::vector<SocketId>{wire.a.connections[0].id});
  wire.a.agent.close(wire.now);
  wire.drain(wire.a);
  CHECK(wire.a.sockets.empty());
}
