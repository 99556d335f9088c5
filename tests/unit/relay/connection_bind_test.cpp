#include <catch2/catch.hpp>

#include "server/core/rest_credentials.hpp"
#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {

struct Connected {
  explicit Connected(CoreNumber number = {})
      : server(usual_config(), nullptr, number), client(server), data(server, "192.0.2.7:40001") {
    client.allocate_tcp();
    id = client.connection_with(peer_a);
    connection = server.connects[0].id;
  }
  Server server;
  TcpClient client, data;
  std::uint32_t id = 0;
  PeerConnectionId connection;
};

}  // namespace

TEST_CASE_METHOD(Connected, "relay: ConnectionBind joins a client's connection with a peer's",
                 "[relay][rfc6062-5.4]") {
  const Answer answer = data.bind_connection(id);
  REQUIRE(answer.ok());
  CHECK(answer.to() == data.five_tuple);
  CHECK(stun::verify_message_integrity(answer.view(), data.key()));
  REQUIRE(server.joined.size() == 1);
  CHECK(server.joined[0].id == connection);
  CHECK(server.joined[0].client == data.five_tuple);
  server.forward(60s);
  CHECK(server.closed.empty());  // there is no deadline any more
}

TEST_CASE_METHOD(Connected, "relay: a CONNECTION-ID is bound once", "[relay][rfc6062-5.4]") {
  CHECK(data.bind_connection(id).ok());
  TcpClient again(server, "192.0.2.7:40002");
  CHECK(again.bind_connection(id).error() == 400);
  CHECK(server.joined.size() == 1);
}

TEST_CASE_METHOD(Connected, "relay: ConnectionBind without a CONNECTION-ID that waits gets 400",
                 "[relay][rfc6062-5.4]") {
  CHECK(data.bind_connection(id + 1).error() == 400);
  CHECK(data.bind_connection(0).error() == 400);
  CHECK(data.request(Method::connection_bind).error() == 400);
  CHECK(data.bind_connection(id).ok());
}

TEST_CASE_METHOD(Connected, "relay: ConnectionBind needs credentials", "[relay][rfc6062-4.3]") {
  const Answer answer = data.unsigned_request(Method::connection_bind, stun::ConnectionId{id});
  CHECK(answer.error() == 401);
  CHECK(data.bind_connection(id).ok());
}

TEST_CASE_METHOD(Connected, "relay: ConnectionBind may use the control connection's nonce",
                 "[relay][rfc6062-4.3]") {
  data.realm = client.realm;
  data.nonce = client.nonce;
  CHECK(data.bind_connection(id).ok());
}

TEST_CASE_METHOD(Connected, "relay: ConnectionBind of another user's connection is refused",
                 "[relay][rfc6062-5.4]") {
  TcpClient bob(server, "192.0.2.7:40002", "bob", "hunter2");
  CHECK(bob.bind_connection(id).error() == 441);
  CHECK(server.joined.empty());
  CHECK(data.bind_connection(id).ok());
}

TEST_CASE_METHOD(Connected, "relay: ConnectionBind over UDP or DTLS is refused with 400",
                 "[relay][rfc6062-5.4]") {
  for (const Transport transport : {Transport::udp, Transport::dtls}) {
    data.over(transport);
    CHECK(data.bind_connection(id).error() == 400);
  }
}

TEST_CASE_METHOD(Connected, "relay: a control connection does not become a data connection",
                 "[relay][rfc6062-4.3]") {
  CHECK(client.bind_connection(id).error() == 400);
}

TEST_CASE_METHOD(Connected, "relay: a data connection that ends is told of, and frees its peer",
                 "[relay][rfc6062-5.5]") {
  data.bind_connection(id);
  server.relay().handle_peer_closed(server.now, connection);
  CHECK(server.counters().peer_connections_now == 0);
  CHECK(client.connect(peer_a).none());
}

TEST_CASE_METHOD(Connected, "relay: data connections end with the control connection",
                 "[relay][rfc6062-5.5]") {
  data.bind_connection(id);
  server.client_closes(client.five_tuple);
  REQUIRE(server.closed.size() == 1);
  CHECK(server.closed[0] == connection);
}

TEST_CASE_METHOD(Connected, "relay: data connections end with the allocation's lifetime",
                 "[relay][rfc6062-5.5]") {
  data.bind_connection(id);
  server.forward(600s);
  CHECK(server.closed.size() == 1);
  CHECK(server.counters().allocations_now == 0);
}

TEST_CASE_METHOD(Connected, "relay: bytes of data connections are counted",
                 "[relay][rfc6062-5.4]") {
  data.bind_connection(id);
  server.relay().handle_peer_data(server.now, connection, 700, 5000);
  CHECK(server.counters().to_peers.bytes == 700);
  CHECK(server.counters().from_peers.bytes == 5000);
  server.relay().for_each_allocation([](const AllocationInfo& info) {
    CHECK(info.to_peers.bytes == 700);
    CHECK(info.from_peers.bytes == 5000);
    CHECK(info.peer_connections == 1);
  });
}

TEST_CASE("relay: ConnectionBind goes to the core that has the connection",
          "[relay][rfc6062-5.4]") {
  Connected third({2, 3});
  CHECK(third.id % 3 == 2);
  CHECK(third.data.bind_connection(third.id).ok());

  Server first(usual_config(), nullptr, {0, 3});
  TcpClient stray(first, "192.0.2.7:40003");
  stray.fetch_challenge();
  const ByteVector request = stray.build(stun::Class::request, Method::connection_bind, true,
                                         stun::ConnectionId{third.id});
  CHECK(first.client_sends(stray.five_tuple, request).other_core == 2u);

  stray.allocate_tcp();  // now it is a control connection, and stays
  CHECK(stray.bind_connection(third.id).error() == 400);
}

TEST_CASE("relay: an expired credential still binds what its user has made",
          "[relay][rest][rfc6062-4.3]") {
  Config config = usual_config();
  config.auth_secrets = {"key"};
  Server server(config);
  const std::string user = std::to_string(server.wall.value + 60) + ":carol";
  const std::string password = rest_password(RestHash::sha1, "key", user);
  TcpClient client(server, "192.0.2.7:40000", user, password);
  TcpClient data(server, "192.0.2.7:40001", user, password);
  REQUIRE(client.allocate_tcp().ok());
  server.forward(120s);
  const std::uint32_t id = client.connection_with(peer_a);
  CHECK(data.bind_connection(id).ok());
}
