#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress inside{inside_1, 5000};
const TransportAddress e1p{outside_1, 7000};

Config with_forwards(std::vector<Forward> forwards) {
  Config config = default_config();
  config.forwards = std::move(forwards);
  return config;
}

void change(Bench& bench, const Config& wanted) {
  bench.nat.reconfigure(bench.now, wanted);
  bench.drain_events();
}

}  // namespace

TEST_CASE("nat: a timer that is changed as it runs counts from the next packet", "[nat]") {
  Bench bench;
  bench.seen(inside, e1p);
  Config wanted = default_config();
  wanted.udp_timeout = 20s;
  change(bench, wanted);
  bench.wait(30s);
  CHECK(bench.nat.session_count() == 1);
  bench.seen(inside, e1p);
  bench.wait(19s);
  CHECK(bench.nat.session_count() == 1);
  bench.wait(2s);
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("nat: tables become larger as it runs, and smaller without an end to what is in them",
          "[nat]") {
  Config wanted = default_config();
  wanted.max_mappings = 2;
  Bench bench(wanted);
  bench.seen(inside, e1p);
  bench.seen({inside_1, 5002}, e1p);
  CHECK_FALSE(bench.udp_out({inside_1, 5004}, e1p).passed());
  wanted.max_mappings = 3;
  change(bench, wanted);
  CHECK(bench.udp_out({inside_1, 5004}, e1p).passed());
  wanted.max_sessions = 1;
  change(bench, wanted);
  CHECK(bench.nat.session_count() == 3);
  CHECK(bench.udp_out({inside_1, 5002}, e1p).passed());
  CHECK_FALSE(bench.udp_out({inside_1, 5002}, {outside_2, 7000}).passed());
}

TEST_CASE("nat: a limit of a host that is lowered as it runs ends nothing", "[nat][rfc6888-3]") {
  Bench bench;
  bench.seen(inside, e1p);
  bench.seen({inside_1, 5002}, e1p);
  Config wanted = default_config();
  wanted.ports_per_host = 1;
  change(bench, wanted);
  CHECK(bench.udp_out({inside_1, 5002}, e1p).passed());
  CHECK_FALSE(bench.udp_out({inside_1, 5004}, e1p).passed());
  CHECK(bench.udp_out({inside_2, 5004}, e1p).passed());
}

TEST_CASE("nat: forwards come and go as it runs, the others with their sessions stay", "[nat]") {
  const Forward web{Protocol::udp, std::nullopt, 80, 2, {inside_1, 8080}};
  const Forward name{Protocol::udp, nat_external, 53, 1, {inside_2, 53}};
  const Forward moved{Protocol::udp, std::nullopt, 81, 1, {inside_3, 8080}};
  Bench bench(with_forwards({web, name}));
  CHECK(bench.delivered(e1p, {nat_external, 53}));
  CHECK(bench.delivered(e1p, {nat_external, 81}));
  CHECK(bench.udp_out({inside_2, 53}, e1p).passed());
  CHECK(bench.udp_out({inside_1, 8081}, e1p).passed());
  REQUIRE(bench.nat.session_count() == 2);
  change(bench, with_forwards({name, moved}));
  CHECK(bench.nat.session_count() == 1);
  CHECK(bench.delivered(e1p, {nat_external, 53}));
  CHECK_FALSE(bench.delivered(e1p, {nat_external, 80}));
  CHECK(bench.udp_in(e1p, {nat_external, 81}).destination() == moved.inside);
  change(bench, with_forwards({}));
  CHECK_FALSE(bench.delivered(e1p, {nat_external, 53}));
  CHECK(bench.nat.mapping_count() == 0);
}

}  // namespace stile::nat::test
