#include "tests/unit/portmap/bench.hpp"

namespace stile::nat::portmap::test {

namespace {

ByteVector map_request(std::uint8_t opcode, std::uint16_t internal, std::uint16_t suggested,
                       std::uint32_t lifetime) {
  ByteVector request(12);
  request[1] = opcode;
  store_u16(&request[4], internal);
  store_u16(&request[6], suggested);
  store_u32(&request[8], lifetime);
  return request;
}

struct Mapped {
  std::uint16_t result = 0;
  std::uint16_t internal = 0;
  std::uint16_t port = 0;
  std::uint32_t lifetime = 0;
};

Mapped map(Bench& bench, std::uint8_t opcode, std::uint16_t internal, std::uint16_t suggested,
           std::uint32_t lifetime, const IpAddress& from = host) {
  const auto answer = bench.send(map_request(opcode, internal, suggested, lifetime), from);
  REQUIRE(answer);
  REQUIRE(answer->size() == 16);
  CHECK((*answer)[0] == 0);
  CHECK((*answer)[1] == (128 | opcode));
  const std::uint8_t* at = answer->data();
  return {load_u16(at + 2), load_u16(at + 8), load_u16(at + 10), load_u32(at + 12)};
}

}  // namespace

TEST_CASE("nat-pmp: the external address", "[portmap][rfc6886-3.2]") {
  Bench bench;
  bench.now += 42s;
  auto answer = bench.send({0, 0});
  REQUIRE(answer);
  CHECK(*answer == ByteVector{0, 128, 0, 0, 0, 0, 0, 42, 203, 0, 113, 5});
  bench.nat.set_external(bench.now, {});
  answer = bench.send({0, 0});
  REQUIRE(answer);
  CHECK(*answer == ByteVector{0, 128, 0, 3, 0, 0, 0, 42, 0, 0, 0, 0});
}

TEST_CASE("nat-pmp: a mapping is made, renewed and deleted",
          "[portmap][rfc6886-3.3][rfc6886-3.4]") {
  Bench bench;
  const Mapped made = map(bench, 1, 5000, 8000, 7200);
  CHECK(made.result == 0);
  CHECK(made.internal == 5000);
  CHECK(made.port == 8000);
  CHECK(made.lifetime == 7200);
  const TransportAddress assigned{external, 8000};
  CHECK(bench.delivered(stranger, assigned));
  CHECK(map(bench, 1, 5000, 9000, 60).port == 8000);
  for (int i = 0; i < 2; ++i) {
    const Mapped gone = map(bench, 1, 5000, 8000, 0);
    CHECK(gone.result == 0);
    CHECK(gone.internal == 5000);
    CHECK(gone.port == 0);
    CHECK(gone.lifetime == 0);
  }
  CHECK_FALSE(bench.delivered(stranger, assigned));
}

TEST_CASE("nat-pmp: a lifetime is no longer than what was asked for", "[portmap][rfc6886-3.3]") {
  Bench bench;
  CHECK(map(bench, 2, 5000, 0, 10).lifetime == 10);
  bench.wait(10s);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(map(bench, 2, 5000, 0, 0xffffffff).lifetime == 86400);
}

TEST_CASE("nat-pmp: another host gets neither the port nor its companion",
          "[portmap][rfc6886-3.3]") {
  Bench bench;
  CHECK(map(bench, 1, 8000, 8000, 600).port == 8000);
  CHECK(bench.nat.mapping_count() == 1);
  CHECK(map(bench, 1, 8000, 8000, 600, neighbour).port != 8000);
  CHECK(map(bench, 2, 8000, 8000, 600, neighbour).port != 8000);
  CHECK(map(bench, 2, 8000, 8000, 600).port == 8000);
}

TEST_CASE("nat-pmp: all mappings of a protocol go at once", "[portmap][rfc6886-3.4]") {
  Bench bench;
  map(bench, 1, 1, 0, 600);
  map(bench, 1, 2, 0, 600);
  map(bench, 2, 3, 0, 600);
  map(bench, 1, 4, 0, 600, neighbour);
  CHECK(map(bench, 1, 0, 0, 0).result == 0);
  CHECK(bench.nat.mapping_count() == 2);
}

TEST_CASE("nat-pmp: what an administrator mapped stays", "[portmap][rfc6886-3.4]") {
  nat::Config config = nat_config();
  config.forwards = {{Protocol::tcp, std::nullopt, 80, 1, {host, 8080}}};
  Bench bench(config);
  CHECK(map(bench, 2, 8080, 0, 600).port == 80);
  CHECK(map(bench, 2, 8080, 0, 0).result == 2);
  map(bench, 2, 1, 0, 600);
  const Mapped some = map(bench, 2, 0, 0, 0);
  CHECK(some.result == 2);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("nat-pmp: a PCP client's mapping is told, not changed", "[portmap][rfc6887-11.3]") {
  Bench bench;
  const TransportAddress assigned = bench.ask({}).assigned();
  const Mapped told = map(bench, 1, 5000, 0, 7200);
  CHECK(told.port == assigned.port);
  CHECK(told.lifetime == 3600);
  CHECK(map(bench, 1, 5000, 0, 0).result == 2);
  CHECK(map(bench, 1, 0, 0, 0).result == 2);
  CHECK(bench.nat.mapping_count() == 1);
  // The other way round, a mapping without a nonce gets one.
  map(bench, 2, 6000, 0, 600);
  CHECK(bench.ask({.protocol = tcp, .internal_port = 6000}).result() == Result::success);
  CHECK(map(bench, 2, 6000, 0, 0).result == 2);
}

TEST_CASE("nat-pmp: what is refused", "[portmap][rfc6886-3.5]") {
  Bench bench;
  CHECK(map(bench, 1, 0, 0, 600).result == 2);
  auto answer = bench.send({0, 3, 9, 9, 1, 2, 3, 4, 5, 6});
  REQUIRE(answer);
  CHECK(*answer == ByteVector{0, 131, 0, 5, 0, 0, 0, 0, 5, 6});
  CHECK_FALSE(bench.send({0, 128}));
  const ByteVector whole = map_request(1, 5000, 0, 600);
  for (long length = 2; length < 12; ++length)
    CHECK_FALSE(bench.send({whole.begin(), whole.begin() + length}));
  nat::Config small = nat_config();
  small.max_mappings = 1;
  Bench full(small);
  map(full, 1, 1, 0, 600);
  const Mapped refused = map(full, 1, 2, 0, 600);
  CHECK(refused.result == 4);
  CHECK(refused.internal == 2);
  CHECK(refused.lifetime == 0);
}

TEST_CASE("nat-pmp: without PCP other versions are not supported", "[portmap][rfc6886-3.5]") {
  Config config;
  config.pcp = false;
  Bench bench(nat_config(), config);
  const auto answer = bench.send({2, 1, 0, 0});
  REQUIRE(answer);
  CHECK(*answer == ByteVector{0, 0, 0, 1, 0, 0, 0, 0});
}

}  // namespace stile::nat::portmap::test
