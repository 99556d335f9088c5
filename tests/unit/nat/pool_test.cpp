#include <set>

#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const IpAddress second = ip("203.0.113.6");

Config pool() {
  Config config = default_config();
  config.external = {nat_external, second};
  config.ports = PortAssignment::none;
  return config;
}

}  // namespace

TEST_CASE("nat: without port translation each host has an address to itself",
          "[nat][rfc2663-4.1.1]") {
  Bench bench(pool());
  const TransportAddress first = bench.seen({inside_1, 5000}, e1p);
  CHECK(first.port == 5000);
  CHECK(bench.seen({inside_1, 80}, e1p) == TransportAddress{first.ip, 80});
  const TransportAddress other = bench.seen({inside_2, 5000}, e1p);
  CHECK(other.port == 5000);
  CHECK(other.ip != first.ip);
  CHECK(bench.echo_out(inside_1, outside_1, 7).source() == TransportAddress{first.ip, 7});
  CHECK(bench.connect({inside_1, 5000}, e1p) == first);
  CHECK(bench.delivered(e1p, other));
}

TEST_CASE("nat: a pool that is lent out refuses the next host and says so",
          "[nat][rfc5508-6][rfc6888-req11]") {
  Bench bench(pool());
  bench.seen({inside_1, 5000}, e1p);
  bench.seen({inside_2, 5000}, e1p);
  bench.events.clear();
  for (int i = 0; i < 3; ++i) {
    const Outcome refused = bench.udp_out({inside_3, 5000}, e1p);
    CHECK_FALSE(refused.passed());
    CHECK(error_in(refused.commands));
  }
  CHECK(bench.nat.counters().refused_no_address == 3);
  REQUIRE(bench.events.size() == 1);  // told once in a second
  const auto& told = std::get<FlowRefused>(bench.events[0]);
  CHECK(told.reason == Refusal::no_address);
  CHECK(told.inside == TransportAddress{inside_3, 5000});
  CHECK(bench.seen({inside_1, 5001}, e1p).port == 5001);

  bench.wait(301s);  // the mappings of one and two end, their addresses are held
  CHECK_FALSE(bench.udp_out({inside_3, 5000}, e1p).passed());
  CHECK(bench.seen({inside_1, 5000}, e1p).port == 5000);
  bench.wait(120s);
  CHECK(bench.seen({inside_3, 5000}, e1p).port == 5000);
}

TEST_CASE("nat: soft pairing takes another address when the host's own has no port left",
          "[nat][rfc7857-4]") {
  Config config = default_config();
  config.external = {nat_external, second};
  config.port_min = 5000;
  config.port_max = 5009;
  for (const Pooling pooling : {Pooling::paired, Pooling::soft_paired}) {
    config.pooling = pooling;
    Bench bench(config);
    std::set<IpAddress> seen;
    for (std::uint16_t port = 5000; port < 5010; ++port)
      seen.insert(bench.seen({inside_1, port}, e1p).ip);
    CHECK(seen.size() == 1);
    const Outcome next = bench.udp_out({inside_1, 6000}, e1p);
    CHECK(next.passed() == (pooling == Pooling::soft_paired));
    if (next.passed()) CHECK_FALSE(seen.contains(next.source().ip));
  }
}

TEST_CASE("nat: a port that was somebody's is held for two minutes, for everybody else",
          "[nat][rfc6888-req8]") {
  Config config = default_config();
  config.port_min = config.port_max = 5000;
  Bench bench(config);
  CHECK(bench.seen({inside_1, 4000}, e1p).port == 5000);
  bench.wait(300s);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK_FALSE(bench.udp_out({inside_2, 4000}, e1p).passed());
  bench.wait(119s);
  CHECK_FALSE(bench.udp_out({inside_2, 4000}, e1p).passed());
  bench.wait(1s);
  CHECK(bench.seen({inside_2, 4000}, e1p).port == 5000);
}

TEST_CASE("nat: whose port it was may have it again at once", "[nat][rfc6888-req8]") {
  Bench bench;
  CHECK(bench.seen({inside_1, 5000}, e1p).port == 5000);
  bench.wait(301s);
  CHECK(bench.seen({inside_1, 5000}, e1p).port == 5000);
  bench.wait(119s);  // the end of the first hold does not free it
  CHECK(bench.seen({inside_2, 5000}, e1p).port != 5000);
}

TEST_CASE("nat: a block of ports is held for everybody but its owner", "[nat][rfc6888-req8]") {
  Config config = default_config();
  config.ports = PortAssignment::block;
  config.port_min = 2000;
  config.port_max = 2009;
  config.block_size = 10;
  Bench bench(config);
  bench.seen({inside_1, 5000}, e1p);
  bench.wait(300s);
  CHECK_FALSE(bench.udp_out({inside_2, 5000}, e1p).passed());
  CHECK(bench.seen({inside_1, 5000}, e1p).port >= 2000);
  bench.wait(300s + 120s);
  CHECK(bench.seen({inside_2, 5000}, e1p).port >= 2000);
}

TEST_CASE("nat: ports of TCP and behind filters are not held", "[nat][rfc6888-req8]") {
  Config config = default_config();
  config.port_min = config.port_max = 5000;
  config.filtering = Behavior::address_dependent;
  config.tcp_opening_timeout = 300s;
  Bench bench(config);
  CHECK(bench.seen({inside_1, 4000}, e1p).port == 5000);
  CHECK(bench.tcp_out({inside_1, 4000}, e1p, tcp_flag::syn).passed());
  bench.wait(300s);
  CHECK(bench.seen({inside_2, 4000}, e1p).port == 5000);
  CHECK(bench.tcp_out({inside_2, 4000}, e1p, tcp_flag::syn).passed());
}

TEST_CASE("nat: held ports are limited, the oldest go first", "[nat][rfc6888-req8]") {
  Config config = default_config();
  config.max_ports_held = 2;
  Bench bench(config);
  for (std::uint16_t port = 5000; port < 5003; ++port) {
    bench.seen({inside_1, port}, e1p);
    bench.wait(1s);
  }
  bench.wait(300s);
  CHECK(bench.seen({inside_2, 5000}, e1p).port == 5000);
  CHECK(bench.seen({inside_2, 5001}, e1p).port != 5001);
  CHECK(bench.seen({inside_2, 5002}, e1p).port != 5002);
}

}  // namespace stile::nat::test
