#include "server/core/reconfiguration.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {

constexpr stun::LifetimeAttribute delete_it{0};

void deny(Config& config, const TransportAddress& peer) {
  config.peers.deny.emplace_back(peer.ip, peer.ip.is_v4() ? 32 : 128);
}

/// Alice's allocation with a channel to peer_a and a permission for peer_b.
struct Relaying {
  Relaying() : client(server), relayed(client.allocate().relayed()) {
    client.bind(0x4000, peer_a);
    client.permit(peer_b);
  }
  bool reaches(const TransportAddress& peer) {
    return client.send_to(peer, "x").to_peer.has_value() &&
           server.peer_sends(relayed, peer, as_bytes("x")).to_client.has_value();
  }
  Server server;
  Client client;
  TransportAddress relayed;
};

struct Connected {
  Connected() : client(server) {
    client.allocate_tcp();
    id = client.connection_with(peer_a);
  }
  Server server;
  TcpClient client;
  std::uint32_t id;
};

}  // namespace

TEST_CASE_METHOD(Relaying, "config: allocations, permissions and channels live on",
                 "[relay][config]") {
  server.reconfigure([](Config& config) {
    config.users = {{"carol", "new"}};
    config.max_lifetime = 20min;
    config.user_quota = 1;
  });
  CHECK(reaches(peer_a));
  CHECK(reaches(peer_b));
  CHECK(client.channel_data(0x4000, "x").to_peer == peer_a);
  CHECK(server.counters().allocations_now == 1);
  CHECK(server.counters().revoked_permissions == 0);
}

TEST_CASE_METHOD(Relaying,
                 "config: a user who is no more cannot refresh, and ends with his lifetime",
                 "[relay][config][rfc8656-8.2]") {
  server.reconfigure([](Config& config) { config.users.erase("alice"); });
  CHECK(client.refresh().error() == 401);
  CHECK(client.permit(peer_b).error() == 401);
  CHECK(Client(server, "192.0.2.7:2").allocate().error() == 401);
  CHECK(reaches(peer_a));
  server.forward(10min);
  CHECK(server.counters().allocations_now == 0);
}

TEST_CASE_METHOD(Relaying,
                 "config: a new user and a new secret are good at once, an old nonce stays good",
                 "[relay][config]") {
  Client carol(server, "192.0.2.8:1", "carol", "new");
  CHECK(carol.allocate().error() == 401);
  server.reconfigure([](Config& config) {
    config.users["carol"] = "new";
    config.users["alice"] = "changed";
  });
  CHECK(carol.allocate().ok());
  CHECK(client.refresh().error() == 401);
  client.password = "changed";
  CHECK(client.refresh().ok());
  CHECK(server.counters().stale_nonces == 0);
}

TEST_CASE_METHOD(Relaying, "config: a permission whose peer is denied now ends, the others stay",
                 "[relay][config][gate]") {
  server.reconfigure([](Config& config) { deny(config, peer_b); });
  CHECK_FALSE(reaches(peer_b));
  CHECK(client.permit(peer_b).error() == 403);
  CHECK(reaches(peer_a));
  CHECK(server.counters().revoked_permissions == 1);
  CHECK(server.counters().revoked_channels == 0);
}

TEST_CASE_METHOD(Relaying, "config: a channel whose peer is denied now ends with its flow",
                 "[relay][config][gate]") {
  CHECK(server.flows == 1);
  server.reconfigure([](Config& config) { deny(config, peer_a); });
  CHECK(server.flows == 0);
  CHECK(client.channel_data(0x4000, "x").nothing());
  CHECK(server.peer_sends(relayed, peer_a, as_bytes("x")).nothing());
  CHECK(client.bind(0x4000, peer_a).error() == 403);
  CHECK(client.bind(0x4000, peer_b).ok());
  CHECK(server.counters().revoked_channels == 1);
}

TEST_CASE_METHOD(Relaying, "config: a peer that is allowed now can be reached",
                 "[relay][config][gate]") {
  const TransportAddress inside = *TransportAddress::parse("10.0.0.1:80");
  CHECK(client.permit(inside).error() == 403);
  server.reconfigure(
      [](Config& config) { config.peers.allow.push_back(*IpPrefix::parse("10.0.0.0/8")); });
  CHECK(client.permit(inside).ok());
  server.reconfigure([](Config& config) { config.peers.allow.pop_back(); });
  CHECK_FALSE(reaches(inside));
}

TEST_CASE_METHOD(Connected, "config: a connection with a peer that is denied now is closed",
                 "[relay][config][rfc6062-5.5]") {
  TcpClient data(server, "192.0.2.7:40001");
  const bool bound = GENERATE(false, true);
  if (bound) REQUIRE(data.bind_connection(id).ok());
  client.connection_with(peer_b);
  server.reconfigure([](Config& config) { deny(config, peer_a); });
  REQUIRE(server.closed.size() == 1);
  CHECK(server.closed[0] == server.connects[0].id);
  CHECK(server.counters().revoked_connections == 1);
  CHECK(server.counters().peer_connections_now == 1);
}

TEST_CASE_METHOD(Connected,
                 "config: who waits for a connection with a peer that is denied now gets 403",
                 "[relay][config][rfc6062-5.2]") {
  client.connect(peer_b);
  REQUIRE(server.connects.size() == 2);
  const Reaction reaction = server.reconfigure([](Config& config) { deny(config, peer_b); });
  CHECK(Answer(reaction).error() == 403);
  CHECK(server.closed.back() == server.connects[1].id);
  CHECK(Answer(server.connected(server.connects[1].id)).none());
}

TEST_CASE_METHOD(Relaying, "config: a lower quota takes nothing away and gives nothing more",
                 "[relay][config][quota]") {
  Client second(server, "192.0.2.7:2");
  REQUIRE(second.allocate().ok());
  server.reconfigure([](Config& config) { config.user_quota = 1; });
  CHECK(client.refresh().ok());
  CHECK(Client(server, "192.0.2.7:3").allocate().error() == 486);
  REQUIRE(second.refresh(delete_it).ok());
  CHECK(Client(server, "192.0.2.7:3").allocate().error() == 486);
  server.reconfigure([](Config& config) { config.user_quota = 2; });
  CHECK(Client(server, "192.0.2.7:3").allocate().ok());
}

TEST_CASE_METHOD(Relaying, "config: above a new limit a client keeps what it has",
                 "[relay][config]") {
  server.reconfigure([](Config& config) { config.permissions_per_allocation = 1; });
  CHECK(client.permit(peer_b).ok());
  CHECK(client.bind(0x4000, peer_a).ok());
  CHECK(client.permit(*TransportAddress::parse("203.0.113.30:1")).error() == 508);
}

TEST_CASE_METHOD(Relaying, "config: lifetimes count when they are asked for next",
                 "[relay][config][rfc8656-7.2]") {
  const stun::LifetimeAttribute longest{100'000};
  CHECK(client.refresh(longest).lifetime() == 3600);
  server.reconfigure([](Config& config) { config.max_lifetime = 20min; });
  CHECK(client.refresh(longest).lifetime() == 1200);
}

TEST_CASE("config: what cannot change is named and stays", "[relay][config]") {
  const Config current = usual_config();
  CHECK(unchangeable(current, current).empty());
  Config fresh = current;
  fresh.users = {{"carol", "new"}};
  fresh.peers.deny.push_back(*IpPrefix::parse("8.8.8.8"));
  CHECK(unchangeable(current, fresh).empty());
  fresh.realm = "example.net";
  fresh.relay_addresses.pop_back();
  fresh.relay_ports.first = 50'000;
  fresh.own_addresses.clear();
  CHECK(unchangeable(current, fresh) ==
        std::vector<std::string_view>{"listen", "relay-address", "relay-ports", "realm"});
  const Config kept = keeping_unchangeable(current, fresh);
  CHECK(unchangeable(current, kept).empty());
  CHECK(kept.users == fresh.users);
}
