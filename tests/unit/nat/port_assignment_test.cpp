#include <map>
#include <set>

#include "nat/core/port_pool.hpp"
#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};

Config with(PortAssignment ports) {
  Config config = default_config();
  config.ports = ports;
  return config;
}

}  // namespace

TEST_CASE("nat: the inside port is preserved where it is free", "[nat][rfc4787-4.2.1]") {
  Bench bench;
  for (std::uint16_t port : {500, 1023, 1024, 40000, 65535})
    CHECK(bench.seen({inside_1, port}, e1p).port == port);
}

TEST_CASE("nat: two inside endpoints never share an external port",
          "[nat][rfc4787-req3][rfc5382-req7]") {
  for (const PortAssignment ports : {PortAssignment::preserve, PortAssignment::sequential,
                                     PortAssignment::random, PortAssignment::block}) {
    Bench bench(with(ports));
    std::map<std::uint16_t, TransportAddress> owner;
    for (std::uint16_t port = 3000; port < 3200; ++port) {
      for (const IpAddress& host : {inside_1, inside_2, inside_3}) {
        const TransportAddress inside{host, port};
        const auto [known, is_new] = owner.emplace(bench.seen(inside, e1p).port, inside);
        CHECK(is_new);
      }
    }
    for (const auto& [port, inside] : owner)
      CHECK(bench.udp_in(e1p, {nat_external, port}).destination() == inside);
  }
}

TEST_CASE("nat: TCP connections of two hosts never share an external port", "[nat][rfc5382-req7]") {
  Bench bench;
  const TransportAddress first = bench.connect({inside_1, 3000}, e1p);
  const TransportAddress second = bench.connect({inside_2, 3000}, e1p);
  CHECK(first.port != second.port);
  CHECK(bench.tcp_in(e1p, first, tcp_flag::ack).destination().ip == inside_1);
  CHECK(bench.tcp_in(e1p, second, tcp_flag::ack).destination().ip == inside_2);
}

TEST_CASE("nat: ports keep their class, also after a conflict", "[nat][rfc4787-req3a]") {
  for (const PortAssignment ports :
       {PortAssignment::preserve, PortAssignment::sequential, PortAssignment::random}) {
    Bench bench(with(ports));
    for (const IpAddress& host : {inside_1, inside_2, inside_3}) {
      for (std::uint16_t port : {500, 1022, 1023})
        CHECK(bench.seen({host, port}, e1p).port <= 1023);
      for (std::uint16_t port : {1024, 1025, 40000})
        CHECK(bench.seen({host, port}, e1p).port >= 1024);
    }
  }
}

TEST_CASE("nat: parity is kept, also after a conflict", "[nat][rfc4787-req4]") {
  for (const PortAssignment ports : {PortAssignment::preserve, PortAssignment::sequential,
                                     PortAssignment::random, PortAssignment::block}) {
    Bench bench(with(ports));
    for (std::uint16_t port = 5000; port < 5064; ++port)
      for (const IpAddress& host : {inside_1, inside_2})
        CHECK(bench.seen({host, port}, e1p).port % 2 == port % 2);
  }
}

TEST_CASE("nat: parity can be switched off", "[nat][rfc7857-8]") {
  Config config = with(PortAssignment::sequential);
  config.parity = false;
  config.port_min = 2000;
  Bench bench(config);
  for (std::uint16_t i = 0; i < 10; ++i)
    CHECK(bench.seen({inside_1, static_cast<std::uint16_t>(5000 + 2 * i)}, e1p).port == 2000 + i);
}

TEST_CASE("nat: random ports are spread over the range", "[nat][rfc7857-9][rfc6056-3.3.1]") {
  Config config = with(PortAssignment::random);
  config.port_min = 1024;
  Bench bench(config);
  std::array<int, 16> histogram{};
  for (std::uint16_t i = 0; i < 4096; ++i)
    ++histogram[static_cast<std::size_t>(
        (bench.seen({inside_1, static_cast<std::uint16_t>(10000 + i)}, e1p).port - 1024) * 16 /
        (65536 - 1024))];
  double chi_square = 0;
  for (const int count : histogram) chi_square += (count - 256.0) * (count - 256.0) / 256.0;
  CHECK(chi_square < 37.7);  // 15 degrees of freedom, one in a thousand
}

TEST_CASE("nat: a host's ports lie in its own blocks", "[nat][rfc6888-4]") {
  Config config = with(PortAssignment::block);
  config.block_size = 64;
  config.blocks_per_host = 2;
  Bench bench(config);
  std::map<IpAddress, std::set<int>> blocks;
  for (std::uint16_t port = 5000; port < 5128; ++port)
    for (const IpAddress& host : {inside_1, inside_2})
      blocks[host].insert((bench.seen({host, port}, e1p).port - 1024) / 64);
  CHECK(blocks[inside_1].size() == 2);
  CHECK(blocks[inside_2].size() == 2);
  for (const int block : blocks[inside_1]) CHECK(blocks[inside_2].count(block) == 0);

  CHECK(bench.udp_out({inside_1, 6000}, e1p).action == Action::drop);
  CHECK(bench.nat.counters().refused_no_port == 1);
  bench.wait(301s);
  CHECK(bench.seen({inside_1, 6000}, e1p).port >= 1024);
}

TEST_CASE("nat: when all ports are given out the next flow is refused and the others live",
          "[nat][rfc5508-req8]") {
  Config config = default_config();
  config.port_min = 20000;
  config.port_max = 20099;
  Bench bench(config);
  std::set<std::uint16_t> ports;
  for (std::uint16_t i = 0; i < 100; ++i)
    ports.insert(bench.seen({inside_1, static_cast<std::uint16_t>(500 + i * 10)}, e1p).port);
  CHECK(ports.size() == 100);
  CHECK(*ports.begin() == 20000);
  const Outcome refused = bench.udp_out({inside_2, 5000}, e1p);
  CHECK(refused.action == Action::drop);
  const auto error = error_in(refused.commands);
  REQUIRE(error);
  CHECK(error->type() == icmp_type::destination_unreachable);
  CHECK(error->code() == unreachable_code::administratively_prohibited);
  for (const std::uint16_t port : ports) CHECK(bench.delivered(e1p, {nat_external, port}));
}

TEST_CASE("port pool: the search goes round within its range and skips what is taken", "[nat]") {
  PortPool pool;
  const PortRange range{1000, 1003};
  CHECK(pool.next_free(range, 1002, Parity::any) == 1002);
  pool.take(1002);
  pool.take(1003);
  CHECK(pool.next_free(range, 1002, Parity::any) == 1000);
  CHECK(pool.next_free(range, 1002, Parity::odd) == 1001);
  pool.take(1000);
  CHECK_FALSE(pool.next_free(range, 1003, Parity::even));
  pool.take(1001);
  CHECK_FALSE(pool.next_free(range, 1000, Parity::any));
  pool.release(1003);
  CHECK(pool.next_free(range, 1000, Parity::any) == 1003);
}

TEST_CASE("port pool: its first and last ports can be found", "[nat]") {
  PortPool pool;
  for (std::uint32_t port = 1; port < 65535; ++port) pool.take(static_cast<std::uint16_t>(port));
  CHECK(pool.next_free({0, 65535}, 5, Parity::any) == 65535);
  pool.take(65535);
  CHECK(pool.next_free({0, 65535}, 5, Parity::any) == 0);
  CHECK_FALSE(pool.next_free({0, 65535}, 0, Parity::odd));
}

}  // namespace stile::nat::test
