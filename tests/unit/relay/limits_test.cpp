#include <catch2/catch.hpp>

#include "server/core/port_pool.hpp"
#include "server/core/rate_limit.hpp"
#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

TEST_CASE("limits: answers to strangers are limited by prefix, not by address", "[relay][limits]") {
  SeededRandom random(1);
  RateLimiter limiter({.per_second = 10, .burst = 5}, random);
  const Instant start{};
  int admitted = 0;
  for (int i = 0; i < 100; ++i)
    admitted += limiter.admit(start, IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(i)));
  CHECK(admitted == 5);
  CHECK(limiter.admit(start, IpAddress::v4(192, 0, 3, 1)));
  CHECK_FALSE(limiter.admit(start + 99ms, IpAddress::v4(192, 0, 2, 1)));
  CHECK(limiter.admit(start + 100ms, IpAddress::v4(192, 0, 2, 200)));
  CHECK_FALSE(limiter.admit(start + 100ms, IpAddress::v4(192, 0, 2, 200)));

  const IpAddress a = *IpAddress::parse("2a00:1:2:300::1"),
                  b = *IpAddress::parse("2a00:1:2:3ff::9");
  for (int i = 0; i < 5; ++i) CHECK(limiter.admit(start, i % 2 ? a : b));
  CHECK_FALSE(limiter.admit(start, a));
}

TEST_CASE("limits: a flood of challenges is cut off and authenticated clients are served",
          "[relay][limits]") {
  Config config = usual_config();
  config.unauthenticated = {.per_second = 10, .burst = 20};
  Server server(config);
  Client known(server);
  known.fetch_challenge();
  Client stranger(server, "192.0.2.200:1");
  int answers = 0;
  for (int i = 0; i < 1000; ++i)
    answers += !stranger.unsigned_request(Method::allocate, udp).none();
  CHECK(answers == 19);
  CHECK(stranger.unsigned_request(Method::binding).none());
  CHECK(server.counters().rate_limited == 982);
  CHECK(known.allocate().ok());
  for (const Transport shown : {Transport::tcp, Transport::tls, Transport::dtls})
    CHECK(Client(server, "192.0.2.200:1").over(shown).unsigned_request(Method::binding).ok());
  CHECK(server.open_sockets().size() == 1);
}

TEST_CASE("limits: an even pair takes both ports and gives both back",
          "[relay][limits][rfc8656-7.2]") {
  SeededRandom random(1);
  PortPool pool({50'001, 50'004}, 2min);
  const Instant now{};
  CHECK(pool.take(now, random, PortWish::even_pair, "a") == 50'002);
  CHECK_FALSE(pool.take(now, random, PortWish::even_pair, "a"));
  CHECK(pool.take(now, random, PortWish::even, "a") == 50'004);
  CHECK(pool.take(now, random, PortWish::any, "a") == 50'001);
  CHECK_FALSE(pool.take(now, random, PortWish::any, "a"));
  pool.give_back(now, 50'002, "a");
  pool.cancel(50'003);
  CHECK(pool.take(now, random, PortWish::any, "b") == 50'003);
  CHECK_FALSE(pool.take(now, random, PortWish::any, "b"));
  CHECK(pool.take(now, random, PortWish::any, "a") == 50'002);
}

TEST_CASE("limits: an upside-down port range is empty", "[relay][limits]") {
  SeededRandom random(1);
  PortPool pool({50'001, 50'000}, 2min);
  CHECK_FALSE(pool.take(Instant{}, random, PortWish::any, "a"));
}

TEST_CASE("relay: time that goes backwards stands still", "[relay]") {
  Server server;
  Client client(server);
  server.forward(1000s);
  REQUIRE(client.allocate().ok());
  server.now = Instant{};
  CHECK(client.refresh().ok());
  server.now += 1100s;
  CHECK(client.refresh().ok());
}

TEST_CASE("relay: the same inputs give the same outputs", "[relay]") {
  const auto run = [] {
    Server server;
    ByteVector all;
    for (unsigned i = 1; i <= 50; ++i) {
      const Answer answer = Client(server, "192.0.2.7:" + std::to_string(i)).allocate();
      all.insert(all.end(), answer.bytes().begin(), answer.bytes().end());
    }
    return all;
  };
  CHECK(run() == run());
}
