#include <catch2/catch.hpp>
#include <thread>

#include "server/core/byte_bucket.hpp"
#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;

namespace {

Config with_bandwidth(const BandwidthLimits& limits) {
  Config config = usual_config();
  config.bandwidth = limits;
  return config;
}

const std::string kilobyte(1000, 'x');

/// A client with a permission and a channel.
struct Sender : Client {
  Sender(Server& relay, std::string_view address, std::string name = "alice",
         std::string pass = "secret")
      : Client(relay, address, std::move(name), std::move(pass)),
        server(relay),
        relayed(allocate().relayed()) {
    permit(peer_b);
    bind(0x4000, peer_a);
  }
  bool sends() { return channel_data(0x4000, kilobyte).to_peer.has_value(); }
  bool hears(const TransportAddress& peer = peer_a) {
    return server.peer_sends(relayed, peer, as_bytes(kilobyte)).to_client.has_value();
  }
  /// Kilobytes that pass when they are offered each millisecond.
  int sent_in(Duration time) {
    int sent = 0;
    for (Duration passed{}; passed < time; passed += 1ms) {
      sent += sends();
      server.forward(1ms);
    }
    return sent;
  }

  Server& server;
  TransportAddress relayed;
};

}  // namespace

TEST_CASE("bandwidth: a bucket lets a burst pass, then the rate", "[relay][bandwidth]") {
  ByteBucket bucket;
  Instant now{1h};
  int passed = 0;
  for (; bucket.has_room(now); ++passed) bucket.spend(now, 100'000, 1000);
  CHECK(passed == 26);  // a quarter of a second, and one into debt
  CHECK(bucket.room_from() == now + 10ms);
  for (int i = 0; i < 10'000; ++i, now += 1ms)
    if (bucket.has_room(now)) bucket.spend(now, 100'000, 1000), ++passed;
  CHECK(passed >= 1025);
  CHECK(passed <= 1026);
}

TEST_CASE(
    "bandwidth: a fast link's datagrams are counted though each takes less than a microsecond",
    "[relay][bandwidth]") {
  ByteBucket bucket;
  const Instant now{1h};
  std::uint64_t passed = 0;
  for (; bucket.has_room(now); passed += 100) bucket.spend(now, 10'000'000'000, 100);
  CHECK(passed == Approx(2.5e9).epsilon(0.001));
}

TEST_CASE("bandwidth: the lowest rate and the largest datagram do not overflow",
          "[relay][bandwidth]") {
  ByteBucket bucket;
  const Instant now{1h};
  bucket.spend(now, 1, 65'535);
  CHECK(bucket.room_from() == now + 65'535s - 250ms);
  bucket.spend(now, 1, std::size_t{1} << 62);
  CHECK_FALSE(bucket.has_room(now + 24h));
  CHECK(bucket.has_room(now + 43h));
}

TEST_CASE("bandwidth: threads share a bucket", "[relay][bandwidth]") {
  ByteBucket bucket;
  const Instant now{1h};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < 10'000; ++k) bucket.spend(now, 1'000'000, 1000);
      });
  }
  CHECK(bucket.room_from() == now + 40s - 250ms);
}

TEST_CASE("bandwidth: an allocation has its own, each direction for itself", "[relay][bandwidth]") {
  Server server(with_bandwidth({.per_allocation = 20'000}));
  Sender one(server, "192.0.2.7:1"), other(server, "192.0.2.7:2");
  const int sent = one.sent_in(10s);
  CHECK(sent >= 204);
  CHECK(sent <= 206);
  while (one.sends()) {
  }
  CHECK_FALSE(one.send_to(peer_b, kilobyte).to_peer);
  CHECK(one.hears());
  CHECK(one.hears(peer_b));
  CHECK(other.sends());
  while (one.hears()) {
  }
  CHECK_FALSE(one.hears(peer_b));
  CHECK(other.hears());
}

TEST_CASE("bandwidth: what is dropped is counted, and is not counted as relayed",
          "[relay][bandwidth]") {
  Server server(with_bandwidth({.per_allocation = 4'000}));
  Sender client(server, "192.0.2.7:1");
  int sent = 0;
  while (client.sends()) ++sent;
  CHECK(server.counters().to_peers.bytes == sent * 1000u);
  CHECK(server.counters().over_bandwidth.packets == 1);
  CHECK(server.counters().over_bandwidth.bytes == 1000);
}

TEST_CASE("bandwidth: a user's allocations share his, in all cores", "[relay][bandwidth]") {
  const Config config = with_bandwidth({.per_user = 20'000});
  auto resources = std::make_shared<Resources>(config);
  Server first(config, resources, {0, 2}), second(config, resources, {1, 2});
  Sender one(first, "192.0.2.7:1"), two(second, "192.0.2.7:2");
  Sender bob(second, "192.0.2.7:3", "bob", "hunter2");
  CHECK(one.sent_in(1s) >= 24);
  while (one.sends()) {
  }
  second.now = first.now;
  CHECK_FALSE(two.sends());
  CHECK(bob.sends());
  CHECK(two.hears());
}

TEST_CASE("bandwidth: what all have is shared by all", "[relay][bandwidth]") {
  const Config config = with_bandwidth({.total = 20'000});
  auto resources = std::make_shared<Resources>(config);
  Server first(config, resources, {0, 2}), second(config, resources, {1, 2});
  Sender one(first, "192.0.2.7:1"), bob(second, "192.0.3.7:2", "bob", "hunter2");
  while (one.sends()) {
  }
  CHECK_FALSE(bob.sends());
  second.forward(1s);
  CHECK(bob.sends());
}

TEST_CASE("bandwidth: what an allocation may not send does not use up what its user has",
          "[relay][bandwidth]") {
  Server server(with_bandwidth({.per_allocation = 4'000, .per_user = 40'000}));
  Sender flooding(server, "192.0.2.7:1"), other(server, "192.0.2.7:2");
  for (int i = 0; i < 1000; ++i) flooding.sends();
  CHECK(other.sends());
}

TEST_CASE("bandwidth: a user who moves to another network keeps his debt",
          "[relay][bandwidth][rfc8016-3.2]") {
  Quota quota({});
  const QuotaHolder here{"alice", *IpAddress::parse("192.0.2.0")},
      there{"alice", *IpAddress::parse("198.51.100.0")};
  REQUIRE(quota.take(here, 1));
  Bandwidth& bandwidth = quota.bandwidth_of("alice");
  bandwidth.to_peers.spend(Instant{}, 1, 1000);
  REQUIRE(quota.pass_on(here, there));
  CHECK(&quota.bandwidth_of("alice") == &bandwidth);
  quota.give_back(there, 1);
  CHECK(quota.held() == 0);
}

TEST_CASE("bandwidth: another limit counts at once", "[relay][bandwidth][config]") {
  Server server;
  Sender client(server, "192.0.2.7:1");
  for (int i = 0; i < 100; ++i) CHECK(client.sends());
  server.reconfigure([](Config& config) { config.bandwidth.per_allocation = 4'000; });
  CHECK(client.sent_in(10s) <= 42);
  server.reconfigure([](Config& config) { config.bandwidth = {}; });
  CHECK(client.sent_in(1s) == 1000);
}

TEST_CASE("bandwidth: a connection with a peer is not read until there is room again",
          "[relay][bandwidth][rfc6062-5.4]") {
  Server server(with_bandwidth({.per_allocation = 10'000}));
  TcpClient client(server);
  client.allocate_tcp();
  client.connection_with(peer_a);
  const PeerConnectionId id = server.connects[0].id;
  const auto data = [&](std::size_t to_peer, std::size_t from_peer) {
    return server.relay().handle_peer_data(server.now, id, to_peer, from_peer);
  };
  server.forward(10s);
  CHECK(data(1000, 1000).client <= server.now);
  CHECK(data(21'500, 0).client == server.now + 2s);
  CHECK(data(0, 0).client == server.now + 2s);
  CHECK(data(0, 0).peer <= server.now);
  CHECK(data(0, 11'500).peer == server.now + 1s);
  server.forward(2s);
  CHECK(data(0, 0).client <= server.now);
  CHECK(server.counters().to_peers.bytes == 22'500);
  CHECK(server.counters().over_bandwidth.bytes == 0);
}
