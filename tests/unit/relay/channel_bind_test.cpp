#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {

struct Allocated {
  explicit Allocated(Config config = usual_config()) : server(std::move(config)), client(server) {
    relayed = client.allocate(stun::LifetimeAttribute{3600}).relayed();
  }
  Server server;
  Client client;
  TransportAddress relayed;
};

}  // namespace

TEST_CASE("relay: channel numbers are 0x4000 to 0x4FFF, and for old clients up to 0x7FFF",
          "[relay][rfc8656-12]") {
  for (const bool old_clients : {false, true}) {
    Config config = usual_config();
    config.rfc5766_channels = old_clients;
    Allocated allocated(config);
    Client& client = allocated.client;
    CHECK(client.bind(0x4000, peer_a).ok());
    CHECK(client.bind(0x4fff, peer_b).ok());
    CHECK(client.bind(0x5000, {peer_a.ip, 1}).error() == (old_clients ? 0 : 400));
    CHECK(client.bind(0x7fff, {peer_a.ip, 2}).error() == (old_clients ? 0 : 400));
    CHECK(client.channel_data(0x7fff, "data").nothing() != old_clients);
    for (const std::uint16_t number : {0, 0x3fff, 0x8000, 0xffff})
      CHECK(client.bind(number, {peer_a.ip, 3}).error() == 400);
    CHECK(allocated.server.flows == (old_clients ? 4 : 2));
  }
}

TEST_CASE_METHOD(Allocated, "relay: a channel has one peer and a peer one channel",
                 "[relay][rfc8656-12.2]") {
  REQUIRE(client.bind(0x4000, peer_a).ok());
  REQUIRE(client.bind(0x4001, peer_b).ok());
  CHECK(client.bind(0x4000, {peer_a.ip, 1}).error() == 400);
  CHECK(client.bind(0x4002, peer_a).error() == 400);
  CHECK(client.bind(0x4000, peer_b).error() == 400);
  CHECK(client.bind(0x4000, peer_a).ok());
  CHECK(client.bind(0x4002, {peer_a.ip, 1}).ok());
  CHECK(server.flows == 3);
}

TEST_CASE_METHOD(Allocated, "relay: ChannelBind needs a number and a peer",
                 "[relay][rfc8656-12.2]") {
  CHECK(client.request(Method::channel_bind, stun::ChannelNumberAttribute{0x4000}).error() == 400);
  CHECK(client.request(Method::channel_bind, stun::XorPeerAddress{peer_a}).error() == 400);
}

TEST_CASE_METHOD(Allocated, "relay: ChannelBind to a forbidden peer or another family",
                 "[relay][rfc8656-12.2]") {
  CHECK(client.bind(0x4000, *TransportAddress::parse("10.0.0.1:80")).error() == 403);
  CHECK(client.bind(0x4000, {peer_a.ip, 0}).error() == 403);
  CHECK(client.bind(0x4000, listener).error() == 403);
  CHECK(client.bind(0x4000, peer_v6).error() == 443);
  CHECK(server.flows == 0);
}

TEST_CASE_METHOD(Allocated, "relay: a channel lasts ten minutes, and traffic does not prolong it",
                 "[relay][rfc8656-12][rfc8656-12.6]") {
  REQUIRE(client.bind(0x4000, peer_a).ok());
  for (int i = 0; i < 599; ++i) {
    server.forward(1s);
    REQUIRE(client.channel_data(0x4000, "data").to_peer == peer_a);
    REQUIRE(server.peer_sends(relayed, peer_a, as_bytes("data")).to_client);
  }
  server.forward(1s);
  CHECK(client.channel_data(0x4000, "data").nothing());
  CHECK(server.peer_sends(relayed, peer_a, as_bytes("data")).nothing());
  CHECK(server.flows == 0);
  CHECK(client.bind(0x4000, peer_b).ok());
  CHECK(client.bind(0x4001, peer_a).ok());
}

TEST_CASE_METHOD(Allocated,
                 "relay: after its permission has ended a channel admits its own peer alone",
                 "[relay][rfc8656-12]") {
  REQUIRE(client.bind(0x4000, peer_a).ok());
  server.forward(330s);
  CHECK(client.channel_data(0x4000, "data").to_peer == peer_a);
  CHECK(client.send_to(peer_a, "data").to_peer == peer_a);
  CHECK(server.peer_sends(relayed, peer_a, as_bytes("data")).to_client);
  CHECK(client.send_to({peer_a.ip, 1}, "data").nothing());
  CHECK(server.peer_sends(relayed, {peer_a.ip, 1}, as_bytes("data")).nothing());
}

TEST_CASE("relay: at the limit of channels those that there are can be refreshed",
          "[relay][rfc8656-12.2]") {
  Config config = usual_config();
  config.channels_per_allocation = 2;
  Allocated allocated(config);
  REQUIRE(allocated.client.bind(0x4000, peer_a).ok());
  REQUIRE(allocated.client.bind(0x4001, peer_b).ok());
  CHECK(allocated.client.bind(0x4002, {peer_a.ip, 1}).error() == 508);
  CHECK(allocated.client.bind(0x4001, peer_b).ok());
}
