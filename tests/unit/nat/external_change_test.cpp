#include <algorithm>

#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress inside{inside_1, 5000};
const IpAddress other = ip("203.0.113.6");

std::size_t ended_as_gone(const Bench& bench) {
  return static_cast<std::size_t>(std::ranges::count_if(bench.events, [](const Event& event) {
    const auto* ended = std::get_if<MappingEnded>(&event);
    return ended && ended->reason == EndReason::address_gone;
  }));
}

void change(Bench& bench, std::vector<IpAddress> external) {
  bench.nat.set_external(bench.now, std::move(external));
  bench.drain_events();
}

}  // namespace

TEST_CASE("nat: when the external address changes, mappings of the old one end and are counted",
          "[nat][rfc4787-4.4]") {
  Bench bench;
  bench.seen(inside, e1p);
  bench.connect({inside_2, 6000}, e1p);
  change(bench, {other});
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.nat.counters().mappings_ended_address_gone == 2);
  CHECK(ended_as_gone(bench) == 2);
  CHECK(std::get<ExternalChanged>(bench.events.back()).external == std::vector{other});
  CHECK_FALSE(bench.delivered(e1p, {nat_external, 5000}));
  CHECK(bench.seen(inside, e1p) == TransportAddress{other, 5000});
  CHECK(bench.delivered(e1p, {other, 5000}));
}

TEST_CASE("nat: mappings of an address that stays live on", "[nat][rfc4787-4.4]") {
  Config config = default_config();
  config.external = {nat_external, other};
  Bench bench(config);
  const TransportAddress first = bench.seen({inside_1, 5000}, e1p);
  const TransportAddress second = bench.seen({inside_2, 5000}, e1p);
  REQUIRE(first.ip != second.ip);
  change(bench, {second.ip, ip("203.0.113.77")});
  CHECK(bench.nat.mapping_count() == 1);
  CHECK(bench.delivered(e1p, second));
  CHECK_FALSE(bench.delivered(e1p, first));
  CHECK(bench.seen({inside_2, 5000}, e1p) == second);
  CHECK(bench.seen({inside_2, 5001}, e1p).ip == second.ip);
}

TEST_CASE("nat: without an external address new flows are refused, until there is one again",
          "[nat][rfc5508-6]") {
  Bench bench;
  bench.seen(inside, e1p);
  change(bench, {});
  const Outcome refused = bench.udp_out(inside, e1p);
  CHECK_FALSE(refused.passed());
  CHECK(error_in(refused.commands));
  CHECK(bench.nat.counters().refused_no_address == 1);
  CHECK(bench.from_inside(make_udp(inside, e1p, {}, {.ttl = 1})).commands.size() == 1);
  change(bench, {nat_external});
  CHECK(bench.seen(inside, e1p) == TransportAddress{nat_external, 5000});
}

TEST_CASE("nat: a forward without an address follows the first one, with its sessions ended",
          "[nat][rfc4787-4.4]") {
  Config config = default_config();
  config.forwards = {{Protocol::udp, std::nullopt, 80, 1, inside}};
  Bench bench(config);
  bench.udp_in(e1p, {nat_external, 80});
  bench.seen(inside, e1p);
  change(bench, {other});
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.udp_in(e1p, {other, 80}).destination() == inside);
  CHECK(bench.seen(inside, e1p) == TransportAddress{other, 80});
  change(bench, {});
  CHECK_FALSE(bench.delivered(e1p, {other, 80}));
  change(bench, {nat_external});
  CHECK(bench.delivered(e1p, {nat_external, 80}));
}

TEST_CASE("nat: a forward with an address is there while that is", "[nat][rfc4787-4.4]") {
  Config config = default_config();
  config.external = {nat_external, other};
  config.forwards = {{Protocol::udp, other, 80, 1, inside}};
  Bench bench(config);
  change(bench, {nat_external});
  CHECK_FALSE(bench.delivered(e1p, {other, 80}));
  const TransportAddress meanwhile = bench.seen(inside, e1p);
  CHECK(meanwhile.ip == nat_external);
  // The dynamic mapping of the host's port gives way to the forward that is there again.
  change(bench, {nat_external, other});
  CHECK(bench.delivered(e1p, {other, 80}));
  CHECK_FALSE(bench.delivered(e1p, meanwhile));
  CHECK(bench.seen(inside, e1p) == TransportAddress{other, 80});
  CHECK(bench.nat.mapping_count() == 0);
}

}  // namespace stile::nat::test
