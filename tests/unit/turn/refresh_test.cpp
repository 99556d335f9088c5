#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;

TEST_CASE("turn client: it refreshes a minute before the end", "[turn][rfc8656-8.1]") {
  Bench bench;
  bench.allocate();
  bench.forward(539s);
  CHECK(bench.requests(Method::refresh).empty());
  bench.forward(1s);
  REQUIRE(bench.requests(Method::refresh).size() == 1);
  CHECK(bench.last().get<stun::LifetimeAttribute>().value == 600);
  bench.forward(2h);
  CHECK(bench.requests(Method::refresh).size() == 14);
  CHECK(bench.client.is_allocated());
  CHECK(bench.events.size() == 1);
}

TEST_CASE("turn client: the lifetime that counts is the server's", "[turn][rfc8656-7.3]") {
  const auto [granted, refreshed_after] = GENERATE(
      table<std::uint32_t, std::chrono::seconds>({{3600, 3540s}, {100, 50s}, {2, 1s}, {0, 1s}}));
  Bench bench;
  bench.server.lifetime = granted;
  bench.allocate();
  bench.forward(refreshed_after - 1ms);
  CHECK(bench.requests(Method::refresh).empty());
  bench.forward(1ms);
  CHECK(bench.requests(Method::refresh).size() == 1);
}

TEST_CASE("turn client: a refresh takes a new nonce", "[turn][rfc8656-8.3]") {
  Bench bench;
  bench.allocate();
  bench.server.nonce = "nonce-2";
  bench.forward(540s);
  CHECK(bench.requests(Method::refresh).size() == 2);
  CHECK(bench.client.is_allocated());
  CHECK(bench.events.size() == 1);
}

TEST_CASE("turn client: a refresh that is refused ends it", "[turn][rfc8656-8.3]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  bench.server.errors[Method::refresh] = 437;
  bench.forward(540s);
  CHECK(bench.last_event<Failed>().error == 437);
  CHECK_FALSE(bench.client.is_allocated());
  CHECK_FALSE(bench.client.is_permitted(peer_a.ip));
  CHECK(bench.client.poll_timeout() == never);
}

TEST_CASE("turn client: a refresh that is never answered ends it", "[turn][rfc8489-6.2.1]") {
  Bench bench;
  bench.allocate();
  bench.server.silent = true;
  bench.forward(540s);
  bench.forward(39'499ms);
  CHECK(bench.client.is_allocated());
  bench.forward(1ms);
  CHECK(bench.last_event<Failed>().error == 0);
  CHECK_THAT(bench.last_event<Failed>().reason, Catch::Contains("does not answer"));
}

TEST_CASE("turn client: closing gives the allocation back, and that is all",
          "[turn][rfc8656-8.1]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  bench.bind_channel(peer_a);
  const auto events = bench.events.size();
  bench.close();
  REQUIRE(bench.last().is(Method::refresh));
  CHECK(bench.last().get<stun::LifetimeAttribute>().value == 0);
  CHECK_FALSE(bench.client.is_allocated());
  CHECK(bench.client.poll_timeout() == never);
  CHECK(bench.events.size() == events);

  const auto sent = bench.sent.size();
  bench.close();
  bench.allocate();
  bench.permit(peer_b.ip);
  bench.bind_channel(peer_b);
  bench.forward(1h);
  CHECK(bench.sent.size() == sent);
}

TEST_CASE("turn client: giving back takes a new nonce, and no refusal is told",
          "[turn][rfc8656-8.3]") {
  Bench bench;
  bench.allocate();
  SECTION("stale nonce") {
    bench.server.nonce = "nonce-2";
    bench.close();
    REQUIRE(bench.requests(Method::refresh).size() == 2);
    CHECK(bench.last().get<stun::LifetimeAttribute>().value == 0);
  }
  SECTION("437: it is gone already") {
    bench.server.errors[Method::refresh] = 437;
    bench.close();
  }
  SECTION("no answer") {
    bench.server.silent = true;
    bench.close();
    bench.forward(1min);
    CHECK(bench.requests(Method::refresh).size() == 7);
  }
  CHECK(bench.events.size() == 1);
  CHECK(bench.client.poll_timeout() == never);
}

TEST_CASE("turn client: without an allocation there is nothing to give back", "[turn]") {
  Bench bench;
  bench.close();
  CHECK(bench.sent.empty());
  CHECK(bench.client.poll_timeout() == never);
}
