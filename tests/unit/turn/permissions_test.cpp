#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;

TEST_CASE("turn client: a permission is for the peer's address, whatever the port",
          "[turn][rfc8656-10.1]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  REQUIRE(bench.last().is(Method::create_permission));
  CHECK(bench.last().peers() == std::vector{TransportAddress{peer_a.ip, 0}});
  CHECK(bench.last_event<PermissionGranted>().peer == peer_a.ip);
  CHECK(bench.client.is_permitted(peer_a.ip));
  CHECK_FALSE(bench.client.is_permitted(peer_b.ip));
}

TEST_CASE("turn client: permissions wait for the allocation", "[turn][rfc8656-9]") {
  Bench bench;
  bench.permit(peer_a.ip);
  bench.permit(peer_b.ip);
  CHECK(bench.sent.empty());
  CHECK(bench.client.poll_timeout() == never);
  bench.allocate();
  CHECK(bench.client.is_permitted(peer_a.ip));
  CHECK(bench.client.is_permitted(peer_b.ip));
}

TEST_CASE("turn client: a peer is asked for once", "[turn]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  bench.permit(peer_a.ip);
  bench.permit(*IpAddress::parse("::ffff:192.0.2.10"));
  CHECK(bench.requests(Method::create_permission).size() == 1);
}

TEST_CASE("turn client: permissions are renewed a minute early, together, and told once",
          "[turn][rfc8656-9]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  bench.permit(peer_b.ip);
  bench.forward(239s);
  CHECK(bench.requests(Method::create_permission).size() == 2);
  bench.forward(1s);
  REQUIRE(bench.requests(Method::create_permission).size() == 3);
  CHECK(bench.last().peers().size() == 2);
  bench.forward(480s);
  CHECK(bench.requests(Method::create_permission).size() == 5);
  CHECK(bench.events.size() == 3);
}

TEST_CASE("turn client: a renewal is no longer than a datagram may be", "[turn][rfc8489-6.1]") {
  Config config = Bench::usual_config();
  config.family = Family::ipv6;
  Bench bench(config);
  bench.server.relayed_address = relayed_v6;
  bench.server.nonce = std::string(128, 'n');
  bench.allocate();
  auto bytes = IpAddress::parse("2001:db8:1::")->v6_bytes();
  for (std::uint8_t i = 0; i < 100; ++i) {
    bytes[15] = i;
    bench.permit(IpAddress::v6(bytes));
  }
  bench.sent.clear();
  bench.forward(240s);
  std::size_t renewed = 0;
  for (const Request& request : bench.requests(Method::create_permission)) {
    renewed += request.peers().size();
    CHECK(request.bytes.size() <= 1232);
  }
  CHECK(renewed == 100);
  CHECK(bench.requests(Method::create_permission).size() == 7);
}

TEST_CASE("turn client: a peer that is refused does not take the others with it",
          "[turn][rfc8656-10.3]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  bench.server.errors[Method::create_permission] = 403;
  bench.permit(peer_b.ip);
  const auto refused = bench.last_event<PermissionRefused>();
  CHECK(refused.peer == peer_b.ip);
  CHECK(refused.error == 403);
  CHECK(bench.client.is_permitted(peer_a.ip));
  CHECK_FALSE(bench.client.is_permitted(peer_b.ip));

  bench.server.errors.clear();
  bench.permit(peer_b.ip);
  CHECK(bench.client.is_permitted(peer_b.ip));
}

TEST_CASE("turn client: a renewal that is refused ends the permissions", "[turn][rfc8656-9]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  bench.server.errors[Method::create_permission] = 508;
  bench.forward(240s);
  CHECK(bench.last_event<PermissionRefused>().error == 508);
  CHECK_FALSE(bench.client.is_permitted(peer_a.ip));
  CHECK(bench.client.is_allocated());
}

TEST_CASE("turn client: a request that is not answered is a permission refused", "[turn]") {
  Bench bench;
  bench.allocate();
  bench.server.silent = true;
  bench.permit(peer_a.ip);
  bench.forward(40s);
  CHECK(bench.last_event<PermissionRefused>().error == 0);
  CHECK(bench.client.is_allocated());
}

TEST_CASE("turn client: 437 to a permission says that there is no allocation",
          "[turn][rfc8656-5]") {
  Bench bench;
  bench.allocate();
  bench.server.errors[Method::create_permission] = 437;
  bench.permit(peer_a.ip);
  CHECK(bench.last_event<Failed>().error == 437);
  CHECK_FALSE(bench.client.is_allocated());
}

TEST_CASE("turn client: peers of another family, or too many, are refused without asking",
          "[turn][rfc8656-10.2]") {
  Config config = Bench::usual_config();
  config.max_peers = 1;
  Bench bench(config);
  bench.allocate();
  const auto sent = bench.sent.size();
  bench.permit(*IpAddress::parse("2001:db8::7"));
  CHECK(bench.last_event<PermissionRefused>().error == 443);
  CHECK(bench.sent.size() == sent);
  bench.permit(peer_a.ip);
  bench.permit(peer_b.ip);
  CHECK(bench.last_event<PermissionRefused>().error == 508);
  CHECK(bench.client.is_permitted(peer_a.ip));
}
