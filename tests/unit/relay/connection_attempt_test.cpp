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

TEST_CASE_METHOD(Allocated, "relay: a peer with a permission that connects is told to the client",
                 "[relay][rfc6062-5.3]") {
  client.permit(peer_a);
  const Answer attempt(server.peer_connects(relayed, peer_a));
  REQUIRE(server.accepted);
  CHECK(attempt.to() == client.five_tuple);
  CHECK(attempt.view().message_class() == stun::Class::indication);
  CHECK(attempt.view().method() == Method::connection_attempt);
  CHECK(attempt.get<stun::XorPeerAddress>().address == peer_a);
  TcpClient data(server, "192.0.2.7:40001");
  CHECK(data.bind_connection(attempt.get<stun::ConnectionId>().value).ok());
  REQUIRE(server.joined.size() == 1);
  CHECK(server.joined[0].id == *server.accepted);
  CHECK(server.joined[0].client == data.five_tuple);
}

TEST_CASE_METHOD(Allocated, "relay: a peer without a permission that connects is closed at once",
                 "[relay][rfc6062-5.3]") {
  client.permit(peer_b);
  CHECK(server.peer_connects(relayed, peer_a).nothing());
  CHECK_FALSE(server.accepted);
  CHECK(server.counters().no_permission_from == 1);
}

TEST_CASE_METHOD(Allocated, "relay: a permission that has expired admits no peer",
                 "[relay][rfc6062-5.3]") {
  client.permit(peer_a);
  server.forward(300s);
  CHECK(server.peer_connects(relayed, peer_a).nothing());
  CHECK_FALSE(server.accepted);
}

TEST_CASE_METHOD(Allocated, "relay: Connect makes no permission for other connections of the peer",
                 "[relay][rfc6062-5.3]") {
  client.connection_with(peer_a);
  server.peer_connects(relayed, {peer_a.ip, 9000});
  CHECK_FALSE(server.accepted);
}

TEST_CASE_METHOD(Allocated, "relay: Connect to a peer that has connected is refused with 446",
                 "[relay][rfc6062-5.2]") {
  client.permit(peer_a);
  server.peer_connects(relayed, peer_a);
  CHECK(client.connect(peer_a).error() == 446);
}

TEST_CASE_METHOD(Allocated,
                 "relay: a peer's connection that nobody binds is closed after 30 seconds",
                 "[relay][rfc6062-5.3]") {
  client.permit(peer_a);
  server.peer_connects(relayed, peer_a);
  server.forward(29s);
  CHECK(server.closed.empty());
  server.forward(1s);
  REQUIRE(server.closed.size() == 1);
  CHECK(server.closed[0] == *server.accepted);
}

TEST_CASE("relay: peers beyond an allocation's share are closed at once", "[relay][rfc6062-5.3]") {
  Config config = usual_config();
  config.connections_per_allocation = 2;
  Allocated fixture(config);
  fixture.client.permit(peer_a);
  for (const std::uint16_t port : {1, 2, 3})
    fixture.server.peer_connects(fixture.relayed, {peer_a.ip, port});
  CHECK_FALSE(fixture.server.accepted);
  CHECK(fixture.server.counters().refused_peers == 1);
  CHECK(fixture.server.counters().peer_connections_now == 2);
}

TEST_CASE_METHOD(Allocated, "relay: connections of peers end with the allocation",
                 "[relay][rfc6062-5.5]") {
  client.permit(peer_a);
  server.peer_connects(relayed, peer_a);
  client.refresh(stun::LifetimeAttribute{0});
  REQUIRE(server.closed.size() == 1);
  CHECK(server.closed[0] == *server.accepted);
  CHECK(server.open_sockets().empty());
}
