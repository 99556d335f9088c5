#include <catch2/catch.hpp>

#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {

struct Allocated {
  explicit Allocated(Config config = usual_config()) : server(std::move(config)), client(server) {
    relayed = client.allocate_tcp().relayed();
  }
  Server server;
  TcpClient client;
  TransportAddress relayed;
};

}  // namespace

TEST_CASE_METHOD(Allocated, "relay: Connect is answered when the peer has been reached",
                 "[relay][rfc6062-5.2]") {
  CHECK(client.connect(peer_a).none());
  REQUIRE(server.connects.size() == 1);
  CHECK(server.connects[0].peer == peer_a);
  const Answer answer(server.connected(server.connects[0].id));
  REQUIRE(answer.ok());
  CHECK(answer.to() == client.five_tuple);
  CHECK(answer.view().method() == Method::connect);
  CHECK(answer.has(stun::AttributeType::connection_id));
  CHECK(stun::verify_message_integrity(answer.view(), client.key()));
}

TEST_CASE_METHOD(Allocated, "relay: a peer that cannot be reached is told by 447",
                 "[relay][rfc6062-5.2]") {
  client.connect(peer_a);
  const Answer answer(server.connected(server.connects[0].id, false));
  CHECK(answer.error() == 447);
  CHECK(stun::verify_message_integrity(answer.view(), client.key()));
  CHECK(server.counters().failed_connects == 1);
  CHECK(server.counters().peer_connections_now == 0);
  CHECK(client.connect(peer_a).none());  // it may try again
}

TEST_CASE_METHOD(Allocated, "relay: an attempt to connect is given up with 447 after 30 seconds",
                 "[relay][rfc6062-5.2]") {
  client.connect(peer_a);
  server.forward(29s);
  CHECK(server.closed.empty());
  server.now += 1s;
  server.relay().handle_timeout(server.now);
  const auto close = server.relay().poll_command();
  CHECK(std::get<ClosePeer>(*close).id == server.connects[0].id);
  const auto answer = server.relay().poll_command();
  const auto message = stun::MessageView::parse(std::get<SendToClient>(*answer).bytes);
  CHECK(message->get<stun::ErrorCode>()->number == 447);
  CHECK(server.connected(server.connects[0].id).nothing());  // too late
}

TEST_CASE_METHOD(Allocated, "relay: a second Connect to a peer is refused with 446",
                 "[relay][rfc6062-5.2]") {
  client.connect(peer_a);
  CHECK(client.connect(peer_a).error() == 446);  // under way
  const Answer first(server.connected(server.connects[0].id));
  CHECK(client.connect(peer_a).error() == 446);  // not bound yet
  TcpClient data(server, "192.0.2.7:40001");
  CHECK(data.bind_connection(first.get<stun::ConnectionId>().value).ok());
  CHECK(client.connect(peer_a).error() == 446);     // in use
  CHECK(client.connect({peer_a.ip, 7001}).none());  // another port is another peer
}

TEST_CASE_METHOD(Allocated, "relay: Connect without a readable peer is refused with 400",
                 "[relay][rfc6062-5.2]") {
  CHECK(client.request(Method::connect).error() == 400);
  CHECK(server.connects.empty());
}

TEST_CASE("relay: Connect without a TCP allocation is refused with 437", "[relay][rfc6062-5.2]") {
  Server server;
  TcpClient client(server);
  CHECK(client.connect(peer_a).error() == 437);
  client.allocate();
  CHECK(client.connect(peer_a).error() == 437);
}

TEST_CASE_METHOD(Allocated, "relay: Connect by another user is refused with 441",
                 "[relay][rfc8656-5]") {
  TcpClient bob(server, "192.0.2.7:40000", "bob", "hunter2");
  CHECK(bob.connect(peer_a).error() == 441);
}

TEST_CASE_METHOD(Allocated, "relay: Connect passes the peer gate", "[relay][rfc6062-5.2]") {
  for (const char* denied : {"127.0.0.1:80", "10.0.0.1:80", "169.254.169.254:80", "0.0.0.0:80",
                             "224.0.0.1:80", "198.51.100.1:3478", "203.0.113.10:0"}) {
    INFO(denied);
    CHECK(client.connect(*TransportAddress::parse(denied)).error() == 403);
  }
  CHECK(server.connects.empty());
}

TEST_CASE_METHOD(Allocated, "relay: a relayed address does not connect with itself",
                 "[relay][rfc6062-5.2]") {
  CHECK(client.connect(relayed).error() == 403);
}

TEST_CASE("relay: a relayed address behind a NAT does not connect with itself either",
          "[relay][rfc6062-5.2]") {
  Config config = usual_config();
  config.external_addresses = {{*IpAddress::parse("203.0.113.200"), std::nullopt}};
  Allocated fixture(config);
  CHECK(fixture.relayed.ip == *IpAddress::parse("203.0.113.200"));
  CHECK(fixture.client.connect(fixture.relayed).error() == 403);
  CHECK(fixture.client.connect({relay_v4, fixture.relayed.port}).error() == 403);
}

TEST_CASE_METHOD(Allocated, "relay: Connect to a family that was not allocated is refused with 443",
                 "[relay][rfc6062-5.2]") {
  CHECK(client.connect(peer_v6).error() == 443);
}

TEST_CASE("relay: connections beyond an allocation's share are refused with 508",
          "[relay][rfc6062-5.2]") {
  Config config = usual_config();
  config.connections_per_allocation = 2;
  Allocated fixture(config);
  TcpClient& client = fixture.client;
  client.connect(peer_a);
  client.connect(peer_b);
  CHECK(client.connect({peer_a.ip, 7001}).error() == 508);
  fixture.server.connected(fixture.server.connects[0].id, false);
  CHECK(client.connect({peer_a.ip, 7001}).none());
}

TEST_CASE("relay: connections beyond a user's share are refused with 508", "[relay][rfc6062-5.2]") {
  Config config = usual_config();
  config.connections_per_user = 2;
  config.total_connections = 3;
  Allocated fixture(config);
  TcpClient second(fixture.server, "192.0.2.7:40001");
  TcpClient bob(fixture.server, "192.0.2.7:40002", "bob", "hunter2");
  second.allocate_tcp();
  bob.allocate_tcp();
  CHECK(fixture.client.connect(peer_a).none());
  CHECK(second.connect(peer_a).none());
  CHECK(second.connect(peer_b).error() == 508);
  CHECK(bob.connect(peer_a).none());
  CHECK(bob.connect(peer_b).error() == 508);  // the server has its share
  fixture.server.client_closes(fixture.client.five_tuple);
  CHECK(second.connect(peer_b).none());
}

TEST_CASE_METHOD(Allocated, "relay: a connection that nobody binds is closed after 30 seconds",
                 "[relay][rfc6062-5.2]") {
  const std::uint32_t id = client.connection_with(peer_a);
  server.forward(29s);
  CHECK(server.closed.empty());
  server.forward(1s);
  REQUIRE(server.closed.size() == 1);
  TcpClient data(server, "192.0.2.7:40001");
  CHECK(data.bind_connection(id).error() == 400);
  CHECK(client.connect(peer_a).none());
}

TEST_CASE_METHOD(Allocated, "relay: attempts to connect end with the control connection",
                 "[relay][rfc6062-5.5]") {
  client.connect(peer_a);
  server.client_closes(client.five_tuple);
  REQUIRE(server.closed.size() == 1);
  CHECK(server.closed[0] == server.connects[0].id);
  CHECK(server.connected(server.connects[0].id).nothing());
}

TEST_CASE_METHOD(Allocated, "relay: CONNECTION-IDs are unlike one another and not in a row",
                 "[relay][rfc6062-5.2]") {
  std::set<std::uint32_t> ids;
  std::set<std::uint32_t> steps;
  std::uint32_t last = 0;
  for (std::uint16_t i = 0; i < 20; ++i) {
    const std::uint32_t id =
        client.connection_with({peer_a.ip, static_cast<std::uint16_t>(7000 + i)});
    ids.insert(id);
    steps.insert(id - last);
    last = id;
  }
  CHECK(ids.size() == 20);
  CHECK(steps.size() == 20);
}
