#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress inside{inside_1, 5000};
const TransportAddress e1p{outside_1, 7000};
const TransportAddress e2p{outside_2, 7000};

Config without_sessions() {
  Config config = default_config();
  config.udp_sessions = false;
  return config;
}

std::vector<SessionInfo> listed(const Bench& bench) {
  std::vector<SessionInfo> all;
  bench.nat.for_each_session(bench.now, [&](const SessionInfo& info) { all.push_back(info); });
  return all;
}

}  // namespace

TEST_CASE("nat: a mapping without sessions is one for all remote endpoints",
          "[nat][rfc4787-req1]") {
  Bench bench(without_sessions());
  const TransportAddress external = bench.seen(inside, e1p);
  CHECK(bench.seen(inside, e2p) == external);
  CHECK(bench.delivered(e1p, external));
  CHECK(bench.delivered({router, 9}, external));
  CHECK(bench.nat.mapping_count() == 1);
  CHECK(bench.nat.session_count() == 0);
  const auto all = listed(bench);
  REQUIRE(all.size() == 1);
  CHECK(all[0].inside == inside);
  CHECK(all[0].external == external);
  CHECK(all[0].remote.ip.is_unspecified());
  CHECK(all[0].time_left == 300s);
}

TEST_CASE("nat: TCP and ICMP queries have sessions even where UDP has none",
          "[nat][rfc5382-req3]") {
  Bench bench(without_sessions());
  bench.connect(inside, e1p);
  CHECK(bench.echo_out(inside_1, outside_1, 77).passed());
  CHECK(bench.nat.session_count() == 2);
}

TEST_CASE("nat: a mapping without sessions ages by what goes out", "[nat][rfc4787-req6]") {
  Bench bench(without_sessions());
  const TransportAddress external = bench.seen(inside, e1p);
  bench.wait(200s);
  CHECK(bench.seen(inside, e2p) == external);
  bench.wait(299s);
  CHECK(bench.delivered(e1p, external));
  bench.wait(1s);
  CHECK_FALSE(bench.delivered(e1p, external));
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(std::get<MappingEnded>(bench.events.back()).reason == EndReason::expired);
}

TEST_CASE("nat: a mapping without sessions ages by what comes in if configured",
          "[nat][rfc4787-req6a]") {
  Config config = without_sessions();
  config.refresh = GENERATE(Refresh::both, Refresh::inbound);
  Bench bench(config);
  const TransportAddress external = bench.seen(inside, e1p);
  bench.wait(200s);
  CHECK(bench.delivered(e2p, external));
  bench.wait(200s);
  CHECK(bench.delivered(e2p, external));
  CHECK(bench.seen(inside, e1p) == external);
  bench.wait(300s);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("nat: a timeout that is changed as it runs is a mapping's without sessions, too",
          "[nat]") {
  Bench bench(without_sessions());
  bench.seen(inside, e1p);
  Config wanted = without_sessions();
  wanted.udp_timeout = 20s;
  bench.nat.reconfigure(bench.now, wanted);
  bench.wait(30s);
  CHECK(bench.nat.mapping_count() == 1);
  bench.seen(inside, e1p);
  bench.wait(19s);
  CHECK(bench.nat.mapping_count() == 1);
  bench.wait(1s);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("nat: without sessions each packet is held against the rules for new flows", "[nat]") {
  Config config = without_sessions();
  config.blocked = {{Protocol::udp, 53, 53}};
  Bench bench(config);
  bench.seen(inside, e1p);
  CHECK_FALSE(bench.udp_out(inside, {outside_1, 53}).passed());
  CHECK(bench.nat.counters().dropped_policy == 1);
}

TEST_CASE("nat: a full table refuses new mappings without sessions, and the old ones live",
          "[nat][rfc6888-req11]") {
  Config config = without_sessions();
  config.max_mappings = 1;
  Bench bench(config);
  const TransportAddress external = bench.seen(inside, e1p);
  CHECK_FALSE(bench.udp_out({inside_2, 5000}, e1p).passed());
  CHECK(bench.seen(inside, e2p) == external);
  CHECK(bench.delivered(e2p, external));
}

TEST_CASE("nat: two hosts without sessions meet at an external address", "[nat][rfc4787-req9]") {
  Bench bench(without_sessions());
  const TransportAddress one = bench.seen(inside, e1p);
  const TransportAddress other = bench.seen({inside_2, 6000}, e1p);
  const Outcome met = bench.udp_out(inside, other);
  REQUIRE(met.action == Action::send_inside);
  CHECK(met.source() == one);
  CHECK(met.destination() == TransportAddress{inside_2, 6000});
}

TEST_CASE("nat: an ICMP error reaches the host of a mapping without sessions",
          "[nat][rfc5508-req4]") {
  Bench bench(without_sessions());
  const Outcome out = bench.udp_out(inside, e1p);
  const Outcome in =
      bench.from_outside(make_icmp_error(router, nat_external, icmp_type::destination_unreachable,
                                         unreachable_code::port, 0, out.packet));
  REQUIRE(in.action == Action::send_inside);
  CHECK(in.ipv4().destination() == inside_1.v4_bits());
}

TEST_CASE("nat: what was asked for lasts without sessions as long as traffic keeps it",
          "[nat][rfc6887-15]") {
  Bench bench(without_sessions());
  MapRequest request;
  request.protocol = Protocol::udp;
  request.inside = inside;
  request.terms.until = bench.now + 600s;
  const auto mapped = bench.nat.map(bench.now, request);
  REQUIRE(mapped);
  const TransportAddress external = mapped->info.external;
  CHECK(bench.delivered(e1p, external));
  SECTION("nobody has used it") {
    CHECK(bench.nat.unmap(bench.now, Protocol::udp, inside));
    CHECK(bench.nat.mapping_count() == 0);
  }
  SECTION("its host gives it back and still sends") {
    CHECK(bench.seen(inside, e1p) == external);
    CHECK(bench.nat.idle_until(Protocol::udp, inside) == bench.now + 300s);
    CHECK(bench.nat.unmap(bench.now, Protocol::udp, inside));
    CHECK(bench.delivered(e2p, external));
    bench.wait(300s);
    CHECK(bench.nat.mapping_count() == 0);
  }
  SECTION("its lifetime ends before the traffic") {
    bench.wait(400s);
    CHECK(bench.seen(inside, e1p) == external);
    bench.wait(250s);
    CHECK(bench.delivered(e2p, external));
    bench.wait(50s);
    CHECK(bench.nat.mapping_count() == 0);
  }
  SECTION("its traffic ends before the lifetime") {
    CHECK(bench.seen(inside, e1p) == external);
    bench.wait(400s);
    CHECK(bench.delivered(e2p, external));
    bench.wait(200s);
    CHECK(bench.nat.mapping_count() == 0);
  }
}

TEST_CASE("nat: whom a host named when it asked for a mapping counts without sessions, too",
          "[nat][rfc6887-13.3]") {
  Bench bench(without_sessions());
  MapRequest request;
  request.protocol = Protocol::udp;
  request.inside = inside;
  request.terms.until = bench.now + 600s;
  request.terms.filters = {{IpPrefix{outside_1, 32}, 0}};
  const auto mapped = bench.nat.map(bench.now, request);
  REQUIRE(mapped);
  CHECK(bench.seen(inside, e2p) == mapped->info.external);
  CHECK(bench.delivered(e1p, mapped->info.external));
  CHECK_FALSE(bench.delivered(e2p, mapped->info.external));
}

TEST_CASE("nat: a PEER request keeps a mapping without sessions", "[nat][rfc6887-12.3]") {
  Bench bench(without_sessions());
  PeerRequest request;
  request.protocol = Protocol::udp;
  request.inside = inside;
  request.remote = e1p;
  request.until = bench.now + 1000s;
  const auto peer = bench.nat.peer(bench.now, request);
  REQUIRE(peer);
  CHECK(bench.seen(inside, e1p) == peer->external);
  bench.wait(999s);
  CHECK(bench.seen(inside, e2p) == peer->external);
  bench.wait(299s);
  CHECK(bench.delivered(e1p, peer->external));
  bench.wait(1s);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("nat: mappings without sessions go on in another NAT", "[nat][rfc6888-req8]") {
  Config config = without_sessions();
  config.ports = PortAssignment::random;
  const bool had_sessions = GENERATE(false, true);
  config.udp_sessions = had_sessions;
  Bench before(config);
  const TransportAddress external = before.seen(inside, e1p);
  before.wait(100s);
  before.seen(inside, e2p);
  config.udp_sessions = false;
  Bench after(config, 2);
  for (const SessionInfo& info : listed(before)) CHECK(after.nat.restore(after.now, info));
  CHECK(after.nat.mapping_count() == 1);
  after.wait(299s);
  CHECK(after.delivered(e1p, external));
  after.wait(1s);
  CHECK(after.nat.mapping_count() == 0);
}

TEST_CASE("nat: a mapping that had no sessions is not taken up where there are some", "[nat]") {
  Bench before(without_sessions());
  before.seen(inside, e1p);
  Bench after;
  for (const SessionInfo& info : listed(before)) CHECK_FALSE(after.nat.restore(after.now, info));
  CHECK(after.nat.mapping_count() == 0);
}

TEST_CASE("nat: mappings without sessions whose turn to end has not come are not found", "[nat]") {
  Config config = without_sessions();
  config.max_ended_at_once = 2;
  config.port_hold = 0s;
  Bench bench(config);
  std::vector<TransportAddress> externals;
  for (std::uint16_t i = 0; i < 8; ++i)
    externals.push_back(bench.seen({inside_1, static_cast<std::uint16_t>(5000 + 2 * i)}, e1p));
  bench.now += 300s;
  CHECK_FALSE(bench.udp_in(e1p, externals.back()).passed());
  CHECK(bench.nat.mapping_count() == 6);
  // As if all had ended.
  CHECK(bench.seen({inside_1, 5014}, e1p) == externals.back());
  CHECK(bench.delivered(e1p, externals.back()));
  while (bench.nat.poll_timeout() <= bench.now) bench.nat.handle_timeout(bench.now);
  CHECK(bench.nat.mapping_count() == 1);
}

TEST_CASE("nat: what needs the remote endpoints of UDP cannot be had without sessions", "[nat]") {
  const auto problem = [](const auto& change) {
    Config config = without_sessions();
    change(config);
    return problem_with(config).value_or("none");
  };
  CHECK(problem([](Config&) {}) == "none");
  CHECK(problem([](Config& config) { config.filtering = Behavior::address_dependent; }) ==
        "UDP without sessions needs endpoint-independent mapping and filtering");
  CHECK(problem([](Config& config) { config.mapping = Behavior::address_dependent; }) ==
        "UDP without sessions needs endpoint-independent mapping and filtering");
  CHECK(problem([](Config& config) { config.session_events = true; }) ==
        "a log of sessions needs sessions of UDP");
  CHECK(problem([](Config& config) { config.udp_port_timeouts = {{53, 30s}}; }) ==
        "a UDP port's timeout needs sessions of UDP");
  CHECK(problem([](Config& config) { config.udp_unanswered_timeout = 30s; }) ==
        "a timeout of unanswered UDP needs sessions of UDP");
  CHECK(problem([](Config& config) { config.evict_oldest = true; }) ==
        "eviction of the oldest session needs sessions of UDP");
  CHECK(problem([](Config& config) { config.icmp_errors = IcmpErrors::end_session; }) ==
        "an ICMP error that ends a session needs sessions of UDP");
  CHECK(problem([](Config& config) { config.sip_alg = SipAlg::on; }) ==
        "the SIP ALG needs sessions of UDP");
}

}  // namespace stile::nat::test
