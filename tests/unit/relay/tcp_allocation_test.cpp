#include <catch2/catch.hpp>

#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

TEST_CASE("relay: a TCP allocation listens at its relayed address", "[relay][rfc6062-5.1]") {
  Server server;
  TcpClient client(server);
  const Answer answer = client.allocate_tcp();
  REQUIRE(answer.ok());
  REQUIRE(server.is_open(answer.relayed()));
  CHECK(server.protocol_at(answer.relayed()) == RelayProtocol::tcp);
  CHECK(answer.lifetime() == 600);
  CHECK_FALSE(answer.has(stun::AttributeType::reservation_token));
  server.relay().for_each_allocation(
      [](const AllocationInfo& info) { CHECK(info.protocol == RelayProtocol::tcp); });
}

TEST_CASE("relay: TCP allocations are made over TLS too", "[relay][rfc6062-5.1]") {
  Server server;
  TcpClient client(server);
  client.over(Transport::tls);
  CHECK(client.allocate_tcp().ok());
}

TEST_CASE("relay: a TCP allocation asked for over UDP or DTLS is refused with 400",
          "[relay][rfc6062-5.1]") {
  Server server;
  TcpClient client(server);
  for (const Transport transport : {Transport::udp, Transport::dtls}) {
    client.over(transport);
    CHECK(client.allocate_tcp().error() == 400);
  }
  CHECK(server.asked_for.empty());
}

TEST_CASE(
    "relay: DONT-FRAGMENT, EVEN-PORT and RESERVATION-TOKEN are refused with 400 in a TCP Allocate",
    "[relay][rfc6062-5.1]") {
  Server server;
  TcpClient client(server);
  CHECK(client.allocate_tcp(stun::EvenPort{false}).error() == 400);
  CHECK(client.allocate_tcp(stun::EvenPort{true}).error() == 400);
  CHECK(client.allocate_tcp(stun::ReservationToken{}).error() == 400);
  CHECK(client.allocate_tcp(stun::DontFragment{}).error() == 400);
  CHECK(server.asked_for.empty());
}

TEST_CASE("relay: without the TCP relay TCP allocations are refused with 442",
          "[relay][rfc8656-7.2]") {
  Config config = usual_config();
  config.tcp_relay = false;
  Server server(config);
  TcpClient client(server);
  CHECK(client.allocate_tcp().error() == 442);
  CHECK(client.allocate().ok());
}

TEST_CASE("relay: TCP and UDP allocations share quota and ports", "[relay][rfc6062-5.1]") {
  Config config = usual_config();
  config.user_quota = 2;
  config.relay_ports = {50'000, 50'001};
  Server server(config);
  TcpClient first(server, "192.0.2.7:40000");
  TcpClient second(server, "192.0.2.7:40001");
  TcpClient third(server, "192.0.2.7:40002");
  const auto of_tcp = first.allocate_tcp().relayed();
  const auto of_udp = second.allocate().relayed();
  CHECK(of_tcp.port != of_udp.port);
  CHECK(third.allocate_tcp().error() == 486);
  first.refresh(stun::LifetimeAttribute{0});
  CHECK(third.allocate_tcp().ok());
}

TEST_CASE("relay: a TCP port that cannot be had is tried elsewhere", "[relay][rfc6062-5.1]") {
  Config config = usual_config();
  config.relay_ports = {50'000, 50'001};
  Server server(config);
  server.busy_ports = {50'000};
  TcpClient client(server);
  CHECK(client.allocate_tcp().relayed().port == 50'001);
}

TEST_CASE("relay: a TCP allocation has no channels and takes no Send indications",
          "[relay][rfc6062-3]") {
  Server server;
  TcpClient client(server);
  client.allocate_tcp();
  client.permit(peer_a);
  CHECK(client.bind(0x4000, peer_a).error() == 400);
  CHECK(client.send_to(peer_a, "x").nothing());
  CHECK(client.channel_data(0x4000, "x").nothing());
}

TEST_CASE("relay: both families can be had for TCP", "[relay][rfc8656-7.2]") {
  Server server;
  TcpClient client(server);
  CHECK(client.allocate_tcp(stun::AdditionalAddressFamily{0x02}).ok());
  CHECK(server.open_sockets().size() == 2);
  for (const TransportAddress& open : server.open_sockets())
    CHECK(server.protocol_at(open) == RelayProtocol::tcp);
}
