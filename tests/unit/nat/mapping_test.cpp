#include <array>
#include <set>

#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress e1q{outside_1, 7001};
const TransportAddress e2p{outside_2, 7000};
const TransportAddress e2q{outside_2, 7001};

Config with(Behavior mapping, Behavior filtering) {
  Config config = default_config();
  config.mapping = mapping;
  config.filtering = filtering;
  return config;
}

constexpr std::array behaviors{Behavior::endpoint_independent, Behavior::address_dependent,
                               Behavior::address_and_port_dependent};

bool same_mapping_expected(Behavior mapping, bool same_address, bool same_port) {
  switch (mapping) {
    case Behavior::endpoint_independent:
      return true;
    case Behavior::address_dependent:
      return same_address;
    case Behavior::address_and_port_dependent:
      return same_address && same_port;
  }
  return false;
}

}  // namespace

TEST_CASE(
    "nat: each of the nine mapping and filtering combinations is what it says",
    "[nat][rfc4787-4.1][rfc4787-5][rfc4787-req8][rfc4787-req8a][rfc5382-req3a][rfc6888-req7]") {
  for (const Behavior mapping : behaviors) {
    for (const Behavior filtering : behaviors) {
      CAPTURE(static_cast<int>(mapping), static_cast<int>(filtering));
      Bench bench(with(mapping, filtering));
      const TransportAddress inside{inside_1, 40000};
      const TransportAddress external = bench.seen(inside, e1p);
      // Filtering is judged on a fresh mapping, to which only E1:p has been sent.
      CHECK(bench.delivered(e1p, external));
      CHECK(bench.delivered(e1q, external) == (filtering != Behavior::address_and_port_dependent));
      CHECK(bench.delivered(e2p, external) == (filtering == Behavior::endpoint_independent));

      CHECK(bench.seen(inside, e1p) == external);
      CHECK((bench.seen(inside, e1q) == external) == same_mapping_expected(mapping, true, false));
      CHECK((bench.seen(inside, e2p) == external) == same_mapping_expected(mapping, false, true));
      CHECK((bench.seen(inside, e2q) == external) == same_mapping_expected(mapping, false, false));
      CHECK(bench.seen(inside, e1p) == external);
    }
  }
}

TEST_CASE("nat: filters of TCP may differ from those of UDP", "[nat][rfc5382-req3b]") {
  Config config = with(Behavior::endpoint_independent, Behavior::endpoint_independent);
  config.filtering_tcp = Behavior::address_dependent;
  Bench bench(config);
  const TransportAddress udp = bench.seen({inside_1, 40000}, e1p);
  const TransportAddress tcp = bench.connect({inside_1, 40000}, e1p);
  CHECK(bench.delivered(e2p, udp));
  CHECK(bench.tcp_in(e1q, tcp, tcp_flag::syn).action == Action::send_inside);
  CHECK(bench.tcp_in(e2p, tcp, tcp_flag::syn).action == Action::hold);
}

TEST_CASE("nat: one inside endpoint has one external endpoint, whatever the destination",
          "[nat][rfc4787-req1]") {
  Bench bench;
  for (std::uint16_t port = 1000; port < 1064; ++port) {
    for (const IpAddress& host : {inside_1, inside_2, inside_3}) {
      const TransportAddress external = bench.seen({host, port}, e1p);
      for (const TransportAddress& remote : {e1q, e2p, e2q})
        CHECK(bench.seen({host, port}, remote) == external);
    }
  }
}

TEST_CASE("nat: paired pooling gives one inside host one external address", "[nat][rfc4787-req2]") {
  Config config = default_config();
  config.external = {ip("203.0.113.5"), ip("203.0.113.6"), ip("203.0.113.7"), ip("203.0.113.8")};
  Bench bench(config);
  std::set<IpAddress> all;
  for (const IpAddress& host : {inside_1, inside_2, inside_3}) {
    std::set<IpAddress> seen;
    for (std::uint16_t port = 2000; port < 2200; ++port)
      seen.insert(bench.seen({host, port}, port % 2 == 0 ? e1p : e2p).ip);
    CHECK(seen.size() == 1);
    all.insert(seen.begin(), seen.end());
  }
  CHECK(all.size() == 3);
}

TEST_CASE(
    "nat: a host of a paired pool gets the same external address again when all its mappings have "
    "ended",
    "[nat][rfc4787-req2]") {
  Config config = default_config();
  config.external = {ip("203.0.113.5"), ip("203.0.113.6"), ip("203.0.113.7")};
  Bench bench(config);
  const IpAddress before = bench.seen({inside_2, 2000}, e1p).ip;
  bench.wait(301s);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.seen({inside_2, 2001}, e1p).ip == before);
}

TEST_CASE("nat: arbitrary pooling spreads one host over the external addresses",
          "[nat][rfc4787-4.1]") {
  Config config = default_config();
  config.external = {ip("203.0.113.5"), ip("203.0.113.6")};
  config.pooling = Pooling::arbitrary;
  Bench bench(config);
  std::set<IpAddress> seen;
  for (std::uint16_t port = 2000; port < 2064; ++port)
    seen.insert(bench.seen({inside_1, port}, e1p).ip);
  CHECK(seen.size() == 2);
}

TEST_CASE("nat: mapping and filtering do not change with load, conflicts or time",
          "[nat][rfc4787-req11]") {
  Bench bench;
  const auto classify = [&](IpAddress host) {
    const TransportAddress inside{host, 30000};
    const TransportAddress external = bench.seen(inside, e1p);
    CHECK(bench.delivered(e2q, external));
    CHECK(bench.seen(inside, e1q) == external);
    CHECK(bench.seen(inside, e2p) == external);
  };
  for (const IpAddress& host : {inside_1, inside_2, inside_3}) classify(host);
  for (std::uint32_t port = 1024; port < 11024; ++port)
    bench.seen({ip("192.168.1.99"), static_cast<std::uint16_t>(port)}, e1p);
  for (const IpAddress& host : {inside_1, inside_2, inside_3}) classify(host);
  bench.wait(400s);
  for (const IpAddress& host : {inside_3, inside_2, inside_1}) classify(host);
}

TEST_CASE("nat: UDP and TCP mappings of one inside endpoint are apart",
          "[nat][rfc7857-5][rfc7857-6]") {
  Bench bench;
  const TransportAddress tcp = bench.connect({inside_1, 40000}, e1p);
  CHECK_FALSE(bench.delivered(e1p, tcp));
  CHECK(bench.nat.counters().dropped_no_mapping == 1);
}

TEST_CASE("nat: events tell when a mapping is made and when it ends", "[nat]") {
  Bench bench(with(Behavior::address_dependent, Behavior::address_dependent));
  const TransportAddress inside{inside_1, 40000};
  const TransportAddress external = bench.seen(inside, e1p);
  bench.seen(inside, e1q);
  REQUIRE(bench.events.size() == 1);
  const auto& created = std::get<MappingCreated>(bench.events[0]);
  CHECK(created.protocol == Protocol::udp);
  CHECK(created.inside == inside);
  CHECK(created.external == external);
  CHECK(created.remote == TransportAddress{outside_1, 0});
  bench.wait(300s);
  REQUIRE(bench.events.size() == 2);
  const auto& ended = std::get<MappingEnded>(bench.events[1]);
  CHECK(ended.external == external);
  CHECK(ended.reason == EndReason::expired);
}

TEST_CASE("nat: flushing ends every mapping and frees its port", "[nat]") {
  Bench bench;
  bench.seen({inside_1, 40000}, e1p);
  bench.connect({inside_1, 40000}, e1p);
  bench.echo_out(inside_1, outside_1, 7);
  bench.nat.flush(bench.now);
  bench.drain_events();
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.nat.session_count() == 0);
  REQUIRE(bench.events.size() == 6);
  CHECK(std::get<MappingEnded>(bench.events[5]).reason == EndReason::flushed);
  CHECK(bench.nat.poll_timeout() == never);
  CHECK(bench.seen({inside_2, 40000}, e1p).port == 40000);
}

TEST_CASE("nat: TCP can be mapped otherwise than UDP", "[nat][rfc7857-5]") {
  Config config = default_config();
  config.mapping_tcp = Behavior::address_and_port_dependent;
  Bench bench(config);
  const TransportAddress inside{inside_1, 5000};
  CHECK(bench.seen(inside, {outside_1, 1}) == bench.seen(inside, {outside_1, 2}));
  CHECK(bench.tcp_out(inside, {outside_1, 1}, tcp_flag::syn).source() !=
        bench.tcp_out(inside, {outside_1, 2}, tcp_flag::syn).source());
}

}  // namespace stile::nat::test
