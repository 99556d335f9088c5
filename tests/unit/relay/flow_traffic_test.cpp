#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;

namespace {

constexpr Traffic there{3, 300}, back{5, 700};
constexpr stun::LifetimeAttribute at_once{0};

/// A client with a channel that a fast path relays.
struct Flowing {
  Flowing() : server(config()) {
    relayed = client.allocate(stun::AdditionalAddressFamily{2}).relayed();
    client.bind(0x4000, peer_a);
    server.told_at_unbind = {there, back};
  }
  static Config config() {
    Config config = usual_config();
    config.mobility = true;
    return config;
  }
  AllocationInfo info() {
    std::optional<AllocationInfo> found;
    server.relay().for_each_allocation([&](const AllocationInfo& each) { found = each; });
    return found.value();
  }
  Server server;
  Client client{server};
  TransportAddress relayed;
};

void check_counted(const Server& server) {
  CHECK(server.flows == 0);
  CHECK(server.counters().to_peers.packets == there.packets);
  CHECK(server.counters().from_peers.bytes == back.bytes);
}

void check_ended(const Server& server, EndReason reason) {
  check_counted(server);
  const auto& ended = std::get<AllocationEnded>(server.events.back());
  CHECK(ended.reason == reason);
  CHECK(ended.to_peers.packets == there.packets);
  CHECK(ended.to_peers.bytes == there.bytes);
  CHECK(ended.from_peers.packets == back.packets);
  CHECK(ended.from_peers.bytes == back.bytes);
}

}  // namespace

TEST_CASE_METHOD(Flowing, "relay: a flow names all that a fast path needs, and a fresh one alone",
                 "[relay][rfc8656-12]") {
  REQUIRE(server.bound_flows.size() == 1);
  CHECK(server.bound_flows[0].five_tuple == client.five_tuple);
  CHECK(server.bound_flows[0].channel == stun::ChannelNumber{0x4000});
  CHECK(server.bound_flows[0].peer == peer_a);
  server.forward(9min);
  CHECK(client.bind(0x4000, peer_a).ok());
  CHECK(client.refresh().ok());
  CHECK(server.bound_flows.size() == 1);
  CHECK(server.flows == 1);
}

TEST_CASE_METHOD(Flowing, "relay: what a fast path relays counts while it happens", "[relay]") {
  server.relay().handle_flow_traffic(client.five_tuple, server.bound_flows[0].relay_socket, there,
                                     back);
  client.channel_data(0x4000, "by the server");
  CHECK(info().to_peers.packets == there.packets + 1);
  CHECK(info().to_peers.bytes == there.bytes + 13);
  CHECK(info().from_peers.bytes == back.bytes);
  CHECK(server.counters().to_peers.bytes == there.bytes + 13);
}

TEST_CASE_METHOD(Flowing, "relay: a flow ends with its channel, which is told apart",
                 "[relay][rfc8656-12]") {
  server.forward(5min);
  CHECK(client.refresh().ok());
  CHECK(server.flows == 1);  // though the permission has ended
  server.forward(5min);
  check_counted(server);
  CHECK(info().from_peers.packets == back.packets);
}

TEST_CASE_METHOD(Flowing, "relay: a flow ends with its allocation, and the end tells its traffic",
                 "[relay][rfc8656-8.2]") {
  SECTION("deleted") {
    REQUIRE(client.refresh(at_once).ok());
    check_ended(server, EndReason::deleted);
  }
  SECTION("expired") {
    REQUIRE(client.bind(0x4000, peer_a).ok());
    server.forward(10min);
    check_ended(server, EndReason::expired);
  }
  SECTION("closed by the operator") {
    REQUIRE(server.close(client.five_tuple));
    check_ended(server, EndReason::closed);
  }
  SECTION("its client is denied") {
    server.reconfigure(
        [](Config& config) { config.clients.deny.push_back(*IpPrefix::parse("192.0.2.0/24")); });
    check_ended(server, EndReason::closed);
  }
}

TEST_CASE_METHOD(Flowing, "relay: a flow ends with the family that it is of",
                 "[relay][rfc8656-8.2]") {
  REQUIRE(client.refresh(at_once, stun::RequestedAddressFamily{1}).ok());
  check_counted(server);
  CHECK(info().to_peers.bytes == there.bytes);
}

TEST_CASE_METHOD(Flowing, "relay: a flow ends when its peer is denied", "[relay][gate]") {
  server.reconfigure([](Config& config) { config.peers.deny.push_back(IpPrefix(peer_a.ip, 32)); });
  check_counted(server);
  CHECK(info().from_peers.bytes == back.bytes);
}

TEST_CASE("relay: a flow that follows its client takes its traffic along",
          "[relay][rfc8016-3.2.2]") {
  Server server(Flowing::config());
  Client home(server, "192.0.2.7:40000"), away(server, "198.18.0.9:50000");
  const Answer allocated = home.allocate(stun::MobilityTicket{});
  const ByteVector ticket = copy_of(allocated.get<stun::MobilityTicket>().bytes);
  REQUIRE(home.bind(0x4000, peer_a).ok());
  REQUIRE(away.refresh(stun::MobilityTicket{ticket}).ok());
  CHECK(server.bound_flows.size() == 1);
  server.told_at_unbind = {there, back};
  CHECK(away.channel_data(0x4000, "here I am").to_peer == peer_a);
  CHECK(server.flows == 1);
  REQUIRE(server.bound_flows.size() == 2);
  CHECK(server.bound_flows[1].five_tuple == away.five_tuple);
  server.relay().for_each_allocation([](const AllocationInfo& info) {
    CHECK(info.to_peers.packets == there.packets + 1);
    CHECK(info.from_peers.bytes == back.bytes);
  });
}
