#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;

TEST_CASE("turn client: a request is sent seven times, the gaps doubling, and given up",
          "[turn][rfc8489-6.2.1]") {
  Bench bench;
  bench.server.silent = true;
  bench.allocate();
  bench.forward(1min);
  REQUIRE(bench.sent.size() == 7);
  const std::vector<Duration> at{0ms, 500ms, 1500ms, 3500ms, 7500ms, 15'500ms, 31'500ms};
  for (std::size_t i = 0; i < at.size(); ++i) {
    CHECK(bench.sent[i].at.time_since_epoch() == at[i]);
    CHECK(bench.sent[i].bytes == bench.sent[0].bytes);
  }
  const auto failed = bench.last_event<Failed>();
  CHECK(failed.error == 0);
  CHECK(failed.reason == "does not answer");
  CHECK(bench.client.poll_timeout() == never);
}

TEST_CASE("turn client: it gives up 39.5 seconds after the first sending",
          "[turn][rfc8489-6.2.1]") {
  Bench bench;
  bench.server.silent = true;
  bench.allocate();
  bench.forward(39'499ms);
  CHECK(bench.events.empty());
  CHECK(bench.client.poll_timeout() == Instant(39'500ms));
  bench.forward(1ms);
  CHECK(bench.events.size() == 1);
}

TEST_CASE("turn client: an answer ends the sending", "[turn][rfc8489-6.2.1]") {
  Bench bench;
  bench.server.silent = true;
  bench.allocate();
  bench.forward(600ms);
  bench.server.silent = false;
  bench.deliver(*bench.server.answer(bench.last()));
  CHECK(bench.client.is_allocated());
  const auto sent = bench.sent.size();
  bench.forward(1min);
  CHECK(bench.sent.size() == sent);
}

TEST_CASE("turn client: an answer that comes twice, or too late, changes nothing",
          "[turn][rfc8489-6.3.3]") {
  Bench bench;
  bench.server.silent = true;
  bench.allocate();
  const ByteVector challenge = bench.server.challenge(bench.last(), 401);
  bench.deliver(challenge);
  bench.deliver(challenge);
  CHECK(bench.sent.size() == 2);
  const ByteVector success = bench.server.success(bench.last());
  bench.forward(1min);
  REQUIRE(bench.last_event<Failed>().error == 0);
  bench.deliver(success);
  CHECK_FALSE(bench.client.is_allocated());
  CHECK(bench.events.size() == 1);
}

TEST_CASE("turn client: each transaction has its own timer", "[turn][rfc8489-6.2.1]") {
  Bench bench;
  bench.allocate();
  bench.server.silent = true;
  bench.permit(peer_a.ip);
  bench.forward(300ms);
  bench.bind_channel(peer_a);
  bench.sent.clear();
  bench.forward(500ms);
  REQUIRE(bench.sent.size() == 2);
  CHECK(bench.sent[0].is(Method::create_permission));
  CHECK(bench.sent[0].at == Instant(500ms));
  CHECK(bench.sent[1].is(Method::channel_bind));
  CHECK(bench.sent[1].at == Instant(800ms));
}
