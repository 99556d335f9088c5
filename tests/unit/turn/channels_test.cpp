#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;

namespace {

std::uint16_t number(const Request& request) {
  return request.get<stun::ChannelNumberAttribute>().number;
}

}  // namespace

TEST_CASE("turn client: channels are bound by number and peer", "[turn][rfc8656-12.1]") {
  Bench bench;
  bench.allocate();
  bench.bind_channel(peer_a);
  bench.bind_channel(peer_b);
  bench.bind_channel(peer_a);
  const auto binds = bench.requests(Method::channel_bind);
  REQUIRE(binds.size() == 2);
  CHECK(number(binds[0]) == 0x4000);
  CHECK(binds[0].peers() == std::vector{peer_a});
  CHECK(number(binds[1]) == 0x4001);
  CHECK(binds[1].peers() == std::vector{peer_b});
}

TEST_CASE("turn client: a channel that was asked for early is bound after the allocation",
          "[turn][rfc8656-12]") {
  Bench bench;
  bench.bind_channel(peer_a);
  CHECK(bench.sent.empty());
  bench.allocate();
  CHECK(bench.requests(Method::channel_bind).size() == 1);
}

TEST_CASE("turn client: a channel is renewed before its permission ends",
          "[turn][rfc8656-12.1][rfc8656-9]") {
  Bench bench;
  bench.allocate();
  bench.bind_channel(peer_a);
  bench.forward(239s);
  CHECK(bench.requests(Method::channel_bind).size() == 1);
  bench.forward(1s);
  const auto binds = bench.requests(Method::channel_bind);
  REQUIRE(binds.size() == 2);
  CHECK(number(binds[1]) == 0x4000);
  CHECK(binds[1].peers() == std::vector{peer_a});
  bench.forward(480s);
  CHECK(bench.requests(Method::channel_bind).size() == 4);
}

TEST_CASE("turn client: a channel that is refused is not asked for again, nor its number",
          "[turn][rfc8656-12]") {
  Bench bench;
  bench.allocate();
  bench.server.errors[Method::channel_bind] = 508;
  bench.bind_channel(peer_a);
  bench.server.errors.clear();
  bench.bind_channel(peer_a);
  bench.forward(500s);
  CHECK(bench.requests(Method::channel_bind).size() == 1);
  bench.bind_channel(peer_b);
  CHECK(number(bench.last()) == 0x4001);
  CHECK(bench.client.is_allocated());
}

TEST_CASE("turn client: 437 to a channel says that there is no allocation", "[turn][rfc8656-5]") {
  Bench bench;
  bench.allocate();
  bench.server.errors[Method::channel_bind] = 437;
  bench.bind_channel(peer_a);
  CHECK(bench.last_event<Failed>().error == 437);
}

TEST_CASE("turn client: no more channels than there may be", "[turn][rfc8656-12]") {
  Config config = Bench::usual_config();
  config.max_peers = 2;
  Bench bench(config);
  bench.allocate();
  for (std::uint8_t i = 0; i < 5; ++i) bench.bind_channel({IpAddress::v4(192, 0, 2, i), 7000});
  CHECK(bench.requests(Method::channel_bind).size() == 2);
}

TEST_CASE("turn client: channel numbers end at 0x4FFF", "[turn][rfc8656-12]") {
  Config config = Bench::usual_config();
  config.max_peers = 5000;
  Bench bench(config);
  bench.allocate();
  bench.sent.clear();
  for (std::uint16_t port = 1; port <= 4100; ++port) bench.bind_channel({peer_a.ip, port});
  CHECK(bench.sent.size() == 0x1000);
  CHECK(number(bench.last()) == 0x4fff);
}
