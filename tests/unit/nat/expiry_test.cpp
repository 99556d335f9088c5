#include <algorithm>

#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

constexpr std::size_t flow_count = 10;
constexpr std::size_t at_once = 4;
const TransportAddress peer{outside_1, 3478};

Config few_at_once() {
  Config config = default_config();
  config.max_ended_at_once = at_once;
  config.port_hold = 0s;
  return config;
}

TransportAddress flow(std::size_t i) {
  return {inside_1, static_cast<std::uint16_t>(40000 + 2 * i)};
}

/// Flows whose time is over all at one instant; none of them has ended.
struct Overdue : Bench {
  explicit Overdue(Config config = few_at_once()) : Bench(std::move(config)) {
    for (std::size_t i = 0; i < flow_count; ++i) externals.push_back(seen(flow(i), peer));
    events.clear();
    now += nat.config().udp_timeout;
  }
  TransportAddress last_inside() const { return flow(flow_count - 1); }
  TransportAddress last_external() const { return externals.back(); }
  std::size_t ended() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [](const Event& event) { return std::holds_alternative<MappingEnded>(event); }));
  }
  std::vector<TransportAddress> externals;
};

}  // namespace

TEST_CASE("expiry: so many end with one input, and the rest is asked for at once", "[nat]") {
  Overdue bench;
  for (const std::size_t left : {6u, 2u, 0u}) {
    REQUIRE(bench.nat.poll_timeout() <= bench.now);
    bench.nat.handle_timeout(bench.now);
    CHECK(bench.nat.session_count() == left);
    CHECK(bench.nat.mapping_count() == left);
  }
  CHECK(bench.nat.poll_timeout() > bench.now);
  bench.drain_events();
  REQUIRE(bench.ended() == flow_count);
  for (std::size_t i = 0; i < flow_count; ++i)
    CHECK(std::get<MappingEnded>(bench.events[i]).inside == flow(i));
}

TEST_CASE("expiry: a packet ends no more than a timeout does", "[nat]") {
  Overdue bench;
  bench.seen({inside_2, 5000}, peer);
  CHECK(bench.nat.session_count() == flow_count - at_once + 1);
}

TEST_CASE("expiry: what waits for its turn lets nothing in", "[nat][rfc4787-req5]") {
  SECTION("from where the host had sent to") {
    Overdue bench;
    CHECK_FALSE(bench.delivered(peer, bench.last_external()));
  }
  SECTION("from a stranger") {
    Overdue bench;
    CHECK_FALSE(bench.delivered({outside_2, 7}, bench.last_external()));
  }
  SECTION("from another port of a known address") {
    Config config = few_at_once();
    config.filtering = Behavior::address_dependent;
    Overdue bench(config);
    CHECK_FALSE(bench.delivered({outside_1, 9}, bench.last_external()));
  }
  SECTION("nor between inside hosts") {
    Overdue bench;
    CHECK_FALSE(bench.udp_out({inside_2, 5000}, bench.last_external()).passed());
  }
}

TEST_CASE("expiry: what is alive goes on while others wait for their turn", "[nat]") {
  const auto filtering = GENERATE(Behavior::endpoint_independent, Behavior::address_dependent);
  Config config = few_at_once();
  config.filtering = filtering;
  Bench bench(config);
  for (std::size_t i = 0; i < flow_count; ++i) bench.seen(flow(i), peer);
  bench.now += 200s;
  const TransportAddress external = bench.seen({inside_2, 5000}, peer);
  const TransportAddress again = bench.seen(flow(flow_count - 1), peer);
  bench.now += 100s;
  CHECK(bench.delivered({outside_1, 9}, external));
  CHECK(bench.delivered(peer, again));
  CHECK(bench.seen({inside_2, 5000}, peer) == external);
}

TEST_CASE("expiry: a host that sends again before its turn gets a new mapping", "[nat]") {
  Overdue bench;
  bench.seen(bench.last_inside(), {outside_2, 7});
  const auto is_of_last = [&](const Event& event) {
    const auto* ended = std::get_if<MappingEnded>(&event);
    return ended && ended->inside == bench.last_inside();
  };
  CHECK(std::ranges::count_if(bench.events, is_of_last) == 1);
  CHECK(std::holds_alternative<MappingCreated>(bench.events.back()));
  CHECK(bench.nat.session_count() == flow_count - at_once);
}

TEST_CASE("expiry: the port of what waits for its turn is nobody else's", "[nat]") {
  Overdue bench;
  const TransportAddress same{inside_2, bench.last_inside().port};
  CHECK(bench.seen(same, peer).port != same.port);
}

TEST_CASE("expiry: sessions that wait for their turn have no time left, and a flush ends them",
          "[nat]") {
  Overdue bench;
  bench.nat.handle_timeout(bench.now);
  std::size_t listed = 0;
  bench.nat.for_each_session(bench.now, [&](const SessionInfo& session) {
    CHECK(session.time_left == 0s);
    ++listed;
  });
  CHECK(listed == flow_count - at_once);
  bench.nat.flush(bench.now);
  bench.drain_events();
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.ended() == flow_count);
  CHECK(bench.nat.poll_timeout() > bench.now);
}

TEST_CASE("expiry: mappings that inbound packets keep, and those that were asked for, end in turn",
          "[nat]") {
  Config config = few_at_once();
  config.refresh = Refresh::both;
  Bench bench(config);
  for (std::size_t i = 0; i < flow_count; ++i) {
    bench.seen(flow(i), peer);
    MapRequest request;
    request.inside = flow(100 + i);
    request.terms.until = bench.now + 500s;
    REQUIRE(bench.nat.map(bench.now, request));
  }
  bench.now += 200s;
  std::vector<TransportAddress> externals;
  bench.nat.for_each_session(
      bench.now, [&](const SessionInfo& session) { externals.push_back(session.external); });
  for (const TransportAddress& external : externals)
    CHECK(bench.delivered({outside_2, 7}, external));
  // The sessions end, what strangers sent keeps the mappings.
  bench.wait(200s);
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.nat.mapping_count() == 2 * flow_count);
  bench.now += 400s;
  bench.nat.handle_timeout(bench.now);
  CHECK(bench.nat.mapping_count() == 2 * flow_count - at_once);
  CHECK_FALSE(bench.delivered({outside_2, 7}, externals.back()));
  bench.wait(0s);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("tables: what comes out does not depend on hashes, however many flows there are",
          "[nat]") {
  const auto run = [](std::uint64_t seed) {
    Bench bench(default_config(), seed);
    std::vector<TransportAddress> externals;
    for (std::uint32_t i = 0; i < 12000; ++i) {
      const IpAddress host = IpAddress::v4(0x0a000001u + i / 50);
      externals.push_back(
          bench.seen({host, static_cast<std::uint16_t>(1024 + i * 5)}, {outside_1, 7}));
      if (i % 3 == 0) bench.now += 1ms;
    }
    bench.wait(1h);
    for (const Event& event : bench.events)
      if (const auto* ended = std::get_if<MappingEnded>(&event))
        externals.push_back(ended->external);
    return externals;
  };
  const auto externals = run(1);
  CHECK(externals.size() == 24000);
  CHECK(run(2) == externals);
}

}  // namespace stile::nat::test
