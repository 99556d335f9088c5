#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {
constexpr stun::LifetimeAttribute at_once{0};
constexpr stun::RequestedAddressFamily ipv4{1}, ipv6{2};
constexpr stun::AdditionalAddressFamily and_ipv6{2};
}  // namespace

TEST_CASE("relay: without an allocation every request but Allocate gets 437",
          "[relay][rfc8656-5]") {
  Server server;
  Client client(server);
  CHECK(client.refresh().error() == 437);
  CHECK(client.refresh(at_once).error() == 437);
  CHECK(client.permit(peer_a).error() == 437);
  CHECK(client.bind(0x4000, peer_a).error() == 437);
}

TEST_CASE("relay: Refresh with lifetime 0 deletes the allocation", "[relay][rfc8656-8.2]") {
  Server server;
  Client client(server);
  const TransportAddress relayed = client.allocate().relayed();
  REQUIRE(client.bind(0x4000, peer_a).ok());
  const Answer answer = client.refresh(at_once);
  REQUIRE(answer.ok());
  CHECK(answer.lifetime() == 0);
  CHECK_FALSE(server.is_open(relayed));
  CHECK(client.channel_data(0x4000, "late").nothing());
  CHECK(client.refresh(at_once).error() == 437);
  CHECK(server.flows == 0);
  CHECK(server.counters().allocations_now == 0);
  CHECK(std::get<AllocationEnded>(server.events.back()).reason == EndReason::deleted);
}

TEST_CASE("relay: a repeated request is answered as it was the first time",
          "[relay][rfc8489-6.3.1]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate().ok());
  const stun::XorPeerAddress peer{peer_a};
  const stun::ChannelNumberAttribute channel{0x4000};
  for (const ByteVector& request :
       {client.build(stun::Class::request, Method::create_permission, true, peer),
        client.build(stun::Class::request, Method::channel_bind, true, channel, peer),
        client.build(stun::Class::request, Method::refresh, true)}) {
    const Answer first = client.send(request);
    REQUIRE(first.ok());
    CHECK(client.send(request).bytes() == first.bytes());
  }
  CHECK(server.flows == 1);
  server.relay().for_each_allocation([](const AllocationInfo& info) {
    CHECK(info.permissions.size() == 1);
    CHECK(info.channels.size() == 1);
  });
}

TEST_CASE("relay: Refresh grants no less than the default and no more than the maximum",
          "[relay][rfc8656-8.2]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate().ok());
  CHECK(client.refresh().lifetime() == 600);
  CHECK(client.refresh(stun::LifetimeAttribute{120}).lifetime() == 600);
  CHECK(client.refresh(stun::LifetimeAttribute{1800}).lifetime() == 1800);
  CHECK(client.refresh(stun::LifetimeAttribute{100'000}).lifetime() == 3600);
}

TEST_CASE("relay: an allocation ends when it is not refreshed", "[relay][rfc8656-8]") {
  Server server;
  Client client(server);
  const TransportAddress relayed = client.allocate().relayed();
  REQUIRE(client.permit(peer_a).ok());
  server.forward(599s);
  REQUIRE(client.refresh().ok());
  server.forward(599s);
  CHECK(server.is_open(relayed));
  server.forward(1s);
  CHECK_FALSE(server.is_open(relayed));
  CHECK(client.bind(0x4000, peer_a).error() == 437);
  CHECK(std::get<AllocationEnded>(server.events.back()).reason == EndReason::expired);
  CHECK(server.counters().allocations_expired == 1);
}

TEST_CASE("relay: Refresh of a family that the allocation has not is refused with 443",
          "[relay][rfc8656-8.2]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate().ok());
  CHECK(client.refresh(ipv6).error() == 443);
  CHECK(client.refresh(stun::RequestedAddressFamily{7}).error() == 443);
  CHECK(client.refresh(ipv4).ok());
}

TEST_CASE("relay: one family of a dual allocation can be deleted", "[relay][rfc8656-8.1]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate(and_ipv6).ok());
  REQUIRE(client.bind(0x4000, peer_a).ok());
  REQUIRE(client.bind(0x4001, peer_v6).ok());
  REQUIRE(client.refresh(ipv6, at_once).ok());
  CHECK(server.open_sockets().size() == 1);
  CHECK(client.channel_data(0x4000, "four").to_peer == peer_a);
  CHECK(client.channel_data(0x4001, "six").nothing());
  CHECK(client.permit(peer_v6).error() == 443);
  CHECK(client.refresh(ipv6).error() == 443);
  REQUIRE(client.refresh(at_once).ok());
  CHECK(server.open_sockets().empty());
}

TEST_CASE("relay: one family of a dual allocation can expire before the other",
          "[relay][rfc8656-8.1]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate(and_ipv6).ok());
  REQUIRE(client.refresh(ipv4, stun::LifetimeAttribute{3600}).ok());
  server.forward(601s);
  CHECK(server.open_sockets().size() == 1);
  CHECK(client.refresh(ipv6).error() == 443);
  server.forward(3000s);
  CHECK(server.open_sockets().empty());
  CHECK(server.counters().allocations_now == 0);
}

TEST_CASE("relay: making and deleting allocations leaves nothing behind", "[relay][rfc8656-8.2]") {
  Server server;
  for (int round = 0; round < 200; ++round) {
    Client client(server);
    REQUIRE(client.allocate(stun::LifetimeAttribute{3600}).ok());
    REQUIRE(client.permit(peer_a).ok());
    REQUIRE(client.refresh(at_once).ok());
  }
  CHECK(server.open_sockets().empty());
  int wakes = 0;
  for (; server.relay().poll_timeout() != never; ++wakes)
    server.forward(server.relay().poll_timeout() - server.now);
  CHECK(wakes <= 2);
}
