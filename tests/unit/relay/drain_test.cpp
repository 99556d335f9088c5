#include <catch2/catch.hpp>

#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;

TEST_CASE("drain: no allocation is made, and what there is lives on",
          "[relay][drain][rfc8656-7.2]") {
  auto resources = std::make_shared<Resources>(usual_config());
  Server server(usual_config(), resources);
  Client client(server);
  const Answer made = client.allocate();
  const auto token =
      Client(server, "192.0.2.7:2").allocate(stun::EvenPort{true}).get<stun::ReservationToken>();
  server.relay().handle_drain(server.now);

  CHECK(Client(server, "192.0.2.7:3").allocate().error() == 508);
  CHECK(Client(server, "192.0.2.7:3").allocate(token).error() == 508);
  CHECK(TcpClient(server, "192.0.2.7:4").allocate_tcp().error() == 508);
  CHECK(client.refresh().ok());
  CHECK(client.permit(peer_a).ok());
  CHECK(client.bind(0x4000, peer_a).ok());
  CHECK(client.send_to(peer_a, "x").to_peer);
  CHECK(Client(server).unsigned_request(stun::Method::binding).ok());
  CHECK(resources->allocations(server.now) == 2);
  server.forward(1h);
  CHECK(resources->allocations(server.now) == 0);
}

TEST_CASE("drain: a lost answer to an Allocate is still told again",
          "[relay][drain][rfc8656-7.2]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  const ByteVector request = client.build(stun::Class::request, stun::Method::allocate, true, udp);
  const Answer first = client.send(request);
  server.relay().handle_drain(server.now);
  CHECK(client.send(request).relayed() == first.relayed());
}

TEST_CASE("resources: a reserved port is no allocation", "[relay][drain]") {
  auto resources = std::make_shared<Resources>(usual_config());
  Server server(usual_config(), resources);
  Client client(server);
  REQUIRE(client.allocate(stun::EvenPort{true}).ok());
  CHECK(resources->allocations(server.now) == 1);
  REQUIRE(client.refresh(stun::LifetimeAttribute{0}).ok());
  CHECK(resources->allocations(server.now) == 0);
}

TEST_CASE("close: the operator ends an allocation", "[relay][close]") {
  Server server;
  Client client(server);
  const TransportAddress relayed = client.allocate().relayed();
  client.bind(0x4000, peer_a);
  CHECK_FALSE(server.close(Client(server, "192.0.2.7:2").five_tuple));
  CHECK(server.close(client.five_tuple));
  CHECK_FALSE(server.is_open(relayed));
  CHECK(server.flows == 0);
  CHECK(client.refresh().error() == 437);
  const auto& ended = std::get<AllocationEnded>(server.events.back());
  CHECK(ended.reason == EndReason::closed);
  CHECK(ended.username == "alice");
  CHECK_FALSE(server.close(client.five_tuple));
  CHECK(client.allocate().ok());
}
