#include "tests/unit/portmap/bench.hpp"

namespace stile::nat::portmap::test {

TEST_CASE("pcp: what is no request is ignored", "[portmap][rfc6887-8.2]") {
  Bench bench;
  ByteVector request = to_bytes({});
  CHECK_FALSE(bench.send({}));
  CHECK_FALSE(bench.send({2}));
  CHECK_FALSE(bench.send({request.begin(), request.begin() + 23}));
  request[1] |= 0x80;
  CHECK_FALSE(bench.send(request));
  CHECK(bench.server.counters().ignored == 4);
}

TEST_CASE("pcp: each truncation is ignored or refused, and changes nothing",
          "[portmap][rfc6887-8.2]") {
  for (const std::uint8_t opcode : {0, 1, 2}) {
    Bench bench;
    Request request{.opcode = opcode};
    request.options = opcode == 1 ? filter_option(stranger.ip, 128, 0) : ByteVector{};
    const ByteVector whole = to_bytes(request);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto answer = bench.send({whole.begin(), whole.begin() + static_cast<long>(length)});
      CHECK(answer.has_value() == (length >= pcp::header_size));
      const bool is_whole_without_options = opcode == 1 && length == 60;
      if (answer && !is_whole_without_options) CHECK((*answer)[3] != 0);
    }
    CHECK(bench.nat.mapping_count() == (opcode == 1 ? 1 : 0));
  }
}

TEST_CASE("pcp: another version is answered with ours", "[portmap][rfc6887-9]") {
  Config config;
  config.nat_pmp = false;
  Bench bench(nat_config(), config);
  for (const std::uint8_t version : {0, 1, 3, 255}) {
    const auto answer = bench.send({version, 1});
    REQUIRE(answer);
    CHECK(answer->size() == 24);
    CHECK((*answer)[0] == 2);
    CHECK((*answer)[1] == 0x81);
    CHECK((*answer)[3] == 1);
    CHECK(load_u32(&(*answer)[4]) == 1800);
  }
}

TEST_CASE("pcp: requests of a wrong length are malformed", "[portmap][rfc6887-8.2]") {
  Bench bench;
  Request request;
  request.options = ByteVector(1);
  ByteVector bytes = to_bytes(request);
  auto answer = bench.send(bytes);
  REQUIRE(answer);
  CHECK((*answer)[3] == 3);
  CHECK(answer->size() == 64);
  bytes.resize(1104);
  answer = bench.send(bytes);
  REQUIRE(answer);
  CHECK((*answer)[3] == 3);
  CHECK(answer->size() == 1100);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("pcp: an error is a copy of the request", "[portmap][rfc6887-8.2]") {
  Bench bench;
  bench.now += 10s;
  Request request{.opcode = 77};
  request.options = {1, 2, 3, 4, 5, 6, 7, 8};
  const Response response = bench.ask(request);
  CHECK(response.result() == Result::unsupp_opcode);
  CHECK(response.lifetime() == 1800);
  CHECK(response.epoch() == 10);
  CHECK(ByteVector(response.bytes.begin() + 24, response.bytes.end()) == request.options);
}

TEST_CASE("pcp: a request that came through another NAT is refused", "[portmap][rfc6887-8.2]") {
  Bench bench;
  for (const std::uint8_t opcode : {0, 1, 2})
    CHECK(bench.ask({.opcode = opcode, .client = neighbour}).result() == Result::address_mismatch);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("pcp: ANNOUNCE tells the epoch", "[portmap][rfc6887-14.1][rfc6887-8.5]") {
  Bench bench;
  bench.now += 100s;
  const Response response = bench.ask({.opcode = 0, .lifetime = 0});
  CHECK(response.result() == Result::success);
  CHECK(response.bytes.size() == 24);
  CHECK(response.epoch() == 100);
  CHECK(response.lifetime() == 0);
  bench.server.handle_state_loss(bench.now);
  bench.now += 1s;
  CHECK(bench.ask({.opcode = 0, .lifetime = 0}).epoch() == 1);
}

TEST_CASE("pcp: a host that asks too much is not answered", "[portmap][rfc6887-8.2]") {
  Config config;
  config.requests_per_second = 10;
  config.request_burst = 20;
  Bench bench(nat_config(), config);
  int answered = 0;
  for (int i = 0; i < 100; ++i)
    if (bench.send(to_bytes({.opcode = 0}))) ++answered;
  CHECK(answered == 20);
  CHECK(bench.server.counters().rate_limited == 80);
  CHECK(bench.send(to_bytes({.opcode = 0, .client = neighbour}), neighbour));
  bench.now += 1s;
  CHECK(bench.send(to_bytes({.opcode = 0})));
}

TEST_CASE("pcp: a loss of state is announced ten times, each after twice the time",
          "[portmap][rfc6887-14.1.3][rfc6886-3.2.1]") {
  Bench bench;
  std::vector<Duration> waits;
  std::uint32_t last_epoch = 0;
  while (bench.server.poll_timeout() != never) {
    const Instant before = bench.now;
    bench.now = std::max(bench.now, bench.server.poll_timeout());
    waits.push_back(bench.now - before);
    const auto messages = bench.announcements();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].size() == 24);
    CHECK(messages[0][1] == 0x80);
    CHECK(messages[0][3] == 0);
    last_epoch = load_u32(&messages[0][8]);
    CHECK(messages[1].size() == 12);
    CHECK(messages[1][1] == 0x80);
    CHECK(load_u32(&messages[1][4]) == last_epoch);
    CHECK(load_u32(&messages[1][8]) == external.v4_bits());
  }
  REQUIRE(waits.size() == 10);
  CHECK(waits[0] == Duration{});
  CHECK(waits[1] == 250ms);
  for (std::size_t i = 2; i < waits.size(); ++i) CHECK(waits[i] == 2 * waits[i - 1]);
  CHECK(last_epoch == 127);
}

}  // namespace stile::nat::portmap::test
