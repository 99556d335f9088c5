#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;
using stun::XorPeerAddress;

namespace {

const TransportAddress forbidden = *TransportAddress::parse("10.0.0.1:80");

struct Allocated {
  explicit Allocated(Config config = usual_config()) : server(std::move(config)), client(server) {
    relayed = client.allocate().relayed();
  }
  bool hears(const TransportAddress& peer) {
    return server.peer_sends(relayed, peer, as_bytes("data")).to_client.has_value();
  }
  Server server;
  Client client;
  TransportAddress relayed;
};

TransportAddress numbered_peer(unsigned i) {
  return {IpAddress::v4(203, 0, 113, static_cast<std::uint8_t>(i)), 7000};
}

}  // namespace

TEST_CASE_METHOD(Allocated, "relay: a peer without a permission is not heard and gets no answer",
                 "[relay][rfc8656-9][rfc8656-11.3]") {
  CHECK(server.peer_sends(relayed, peer_a, as_bytes("data")).nothing());
  CHECK(server.counters().no_permission_from == 1);
}

TEST_CASE_METHOD(Allocated, "relay: CreatePermission needs a peer address that can be read",
                 "[relay][rfc8656-10.2]") {
  CHECK(client.request(Method::create_permission).error() == 400);
  const stun::BytesAttribute<stun::AttributeType::xor_peer_address> broken{as_bytes("xyz")};
  CHECK(client.request(Method::create_permission, XorPeerAddress{peer_a}, broken).error() == 400);
  CHECK_FALSE(hears(peer_a));
}

TEST_CASE_METHOD(Allocated, "relay: CreatePermission installs all its peers",
                 "[relay][rfc8656-10.2]") {
  REQUIRE(client.request(Method::create_permission, XorPeerAddress{peer_a}, XorPeerAddress{peer_b})
              .ok());
  CHECK(hears(peer_a));
  CHECK(hears(peer_b));
}

TEST_CASE_METHOD(Allocated, "relay: CreatePermission installs none if one is refused",
                 "[relay][rfc8656-10.2]") {
  CHECK(client.request(Method::create_permission, XorPeerAddress{peer_a}, XorPeerAddress{forbidden})
            .error() == 403);
  CHECK(client.request(Method::create_permission, XorPeerAddress{peer_a}, XorPeerAddress{peer_v6})
            .error() == 443);
  CHECK_FALSE(hears(peer_a));
  CHECK(server.counters().forbidden_peers == 1);
}

TEST_CASE_METHOD(Allocated, "relay: a permission is for an IP address, whatever the port",
                 "[relay][rfc8656-9]") {
  REQUIRE(client.permit({peer_a.ip, 0}).ok());
  CHECK(hears(peer_a));
  CHECK(hears({peer_a.ip, 1}));
  CHECK(client.send_to({peer_a.ip, 9}, "data").to_peer == TransportAddress{peer_a.ip, 9});
}

TEST_CASE_METHOD(Allocated,
                 "relay: a permission lasts five minutes, and traffic does not prolong it",
                 "[relay][rfc8656-9][rfc8656-11.2]") {
  REQUIRE(client.permit(peer_a).ok());
  for (int i = 0; i < 299; ++i) {
    server.forward(1s);
    CHECK(hears(peer_a));
    CHECK(client.send_to(peer_a, "data").to_peer);
  }
  server.forward(1s);
  CHECK_FALSE(hears(peer_a));
  CHECK(client.send_to(peer_a, "data").nothing());
}

TEST_CASE_METHOD(Allocated, "relay: CreatePermission and ChannelBind refresh a permission",
                 "[relay][rfc8656-9]") {
  REQUIRE(client.permit(peer_a).ok());
  server.forward(200s);
  REQUIRE(client.permit(peer_a).ok());
  server.forward(200s);
  REQUIRE(client.refresh().ok());
  REQUIRE(client.bind(0x4000, peer_a).ok());
  server.forward(200s);
  CHECK(hears({peer_a.ip, 1}));
}

TEST_CASE("relay: at the limit of permissions those that there are can be refreshed",
          "[relay][rfc8656-10.2]") {
  Config config = usual_config();
  config.permissions_per_allocation = 3;
  Allocated allocated(config);
  Client& client = allocated.client;
  for (unsigned i = 1; i <= 3; ++i) REQUIRE(client.permit(numbered_peer(i)).ok());
  CHECK(client.permit(numbered_peer(4)).error() == 508);
  CHECK(client.bind(0x4000, numbered_peer(4)).error() == 508);
  CHECK(client.permit(numbered_peer(2)).ok());
  CHECK(client.bind(0x4000, numbered_peer(2)).ok());
  const XorPeerAddress one{numbered_peer(1)};
  CHECK(client.request(Method::create_permission, one, one, XorPeerAddress{numbered_peer(3)}).ok());
  CHECK(client.request(Method::create_permission, one, XorPeerAddress{numbered_peer(5)}).error() ==
        508);
  allocated.server.forward(300s);
  CHECK(client.permit(numbered_peer(4)).ok());
}

TEST_CASE_METHOD(Allocated, "relay: permissions of one allocation are none for another",
                 "[relay][rfc8656-9]") {
  REQUIRE(client.permit(peer_a).ok());
  Client other(server, "192.0.2.8:1");
  const TransportAddress other_relayed = other.allocate().relayed();
  CHECK(server.peer_sends(other_relayed, peer_a, as_bytes("data")).nothing());
}

TEST_CASE_METHOD(Allocated, "relay: two clients of one server meet relay to relay",
                 "[relay][rfc8656-9]") {
  Client other(server, "192.0.2.8:1");
  const TransportAddress other_relayed = other.allocate().relayed();
  REQUIRE(client.permit(other_relayed).ok());
  REQUIRE(other.permit(relayed).ok());
  const Reaction sent = client.send_to(other_relayed, "hello");
  REQUIRE(sent.to_peer == other_relayed);
  CHECK(server.peer_sends(other_relayed, relayed, sent.data).to_client == other.five_tuple);
}
