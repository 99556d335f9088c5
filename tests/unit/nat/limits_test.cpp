#include <set>
#include <stdexcept>

#include "nat/core/config.hpp"
#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress e2p{outside_2, 7000};

bool refused_as_prohibited(const Outcome& outcome) {
  const auto error = error_in(outcome.commands);
  return outcome.action == Action::drop && error &&
         error->type() == icmp_type::destination_unreachable &&
         error->code() == unreachable_code::administratively_prohibited;
}

}  // namespace

TEST_CASE("nat: when the table is full new flows are refused and old ones live",
          "[nat][rfc5508-req8]") {
  Config config = default_config();
  config.max_mappings = 10;
  Bench bench(config);
  for (std::uint16_t port = 5000; port < 5010; ++port) bench.seen({inside_1, port}, e1p);
  CHECK(refused_as_prohibited(bench.udp_out({inside_2, 6000}, e1p)));
  CHECK(refused_as_prohibited(bench.tcp_out({inside_2, 6000}, e1p, tcp_flag::syn)));
  CHECK(refused_as_prohibited(bench.echo_out(inside_2, outside_1, 6000)));
  CHECK(bench.nat.counters().refused_mapping_limit == 3);
  for (std::uint16_t port = 5000; port < 5010; ++port) {
    CHECK(bench.delivered(e1p, {nat_external, port}));
    CHECK(bench.seen({inside_1, port}, e1p).port == port);
  }
  bench.wait(301s);
  CHECK(bench.udp_out({inside_2, 6000}, e1p).passed());
}

TEST_CASE("nat: sessions are limited", "[nat][rfc5508-req8]") {
  Config config = default_config();
  config.max_sessions = 2;
  Bench bench(config);
  const TransportAddress inside{inside_1, 5000};
  bench.seen(inside, e1p);
  bench.seen(inside, e2p);
  CHECK(refused_as_prohibited(bench.udp_out(inside, {outside_2, 7001})));
  CHECK(bench.nat.counters().refused_session_limit == 1);
  CHECK(bench.seen(inside, e1p).port == 5000);
}

TEST_CASE("nat: tables that are reserved take all that they may, and no more", "[nat]") {
  Config config = default_config();
  config.max_mappings = config.max_sessions = 3000;
  config.reserves_tables = true;
  Bench bench(config);
  for (std::uint16_t port = 5000; port < 8000; ++port)
    REQUIRE(bench.seen({inside_1, port}, e1p).port == port);
  CHECK(refused_as_prohibited(bench.udp_out({inside_2, 6000}, e1p)));
  for (std::uint16_t port = 5000; port < 8000; ++port)
    REQUIRE(bench.delivered(e1p, {nat_external, port}));
  bench.wait(301s);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.udp_out({inside_2, 6000}, e1p).passed());
}

TEST_CASE("nat: one host's mappings are limited and other hosts are not touched by that", "[nat]") {
  Config config = default_config();
  config.ports_per_host = 5;
  Bench bench(config);
  for (std::uint16_t port = 5000; port < 5005; ++port) bench.seen({inside_1, port}, e1p);
  CHECK(refused_as_prohibited(bench.udp_out({inside_1, 5005}, e1p)));
  CHECK(bench.nat.counters().refused_host_limit == 1);
  CHECK(bench.udp_out({inside_2, 5005}, e1p).passed());
  bench.wait(301s);
  CHECK(bench.udp_out({inside_1, 5005}, e1p).passed());
}

TEST_CASE("nat: what one host makes anew in a second is limited", "[nat][rfc6888-req4c]") {
  Config config = default_config();
  config.new_ports_per_second = 10;
  Bench bench(config);
  for (std::uint16_t port = 5000; port < 5010; ++port) bench.seen({inside_1, port}, e1p);
  CHECK(refused_as_prohibited(bench.udp_out({inside_1, 5010}, e1p)));
  CHECK(bench.udp_out({inside_1, 5000}, e2p).passed());  // the mapping is there
  CHECK(bench.udp_out({inside_2, 5010}, e1p).passed());
  CHECK(bench.nat.counters().refused_host_rate == 1);
  bench.wait(100ms);
  CHECK(bench.udp_out({inside_1, 5010}, e1p).passed());
  CHECK_FALSE(bench.udp_out({inside_1, 5011}, e1p).passed());
}

TEST_CASE("nat: sessions of one host, and of one mapping, are limited", "[nat][rfc6888-req5]") {
  Config config = default_config();
  config.sessions_per_host = 5;
  config.sessions_per_mapping = 3;
  Bench bench(config);
  const auto remote = [](std::uint16_t port) { return TransportAddress{outside_1, port}; };
  for (std::uint16_t port = 1; port <= 3; ++port) bench.seen({inside_1, 5000}, remote(port));
  CHECK(refused_as_prohibited(bench.udp_out({inside_1, 5000}, remote(4))));
  CHECK(bench.nat.counters().refused_mapping_sessions == 1);
  for (std::uint16_t port = 1; port <= 2; ++port) bench.seen({inside_1, 5001}, remote(port));
  CHECK(refused_as_prohibited(bench.udp_out({inside_1, 5002}, remote(1))));
  CHECK(bench.nat.counters().refused_host_sessions == 1);
  CHECK(bench.nat.mapping_count() == 2);
  CHECK(bench.udp_out({inside_2, 5000}, remote(1)).passed());
  CHECK(bench.seen({inside_1, 5000}, remote(1)).port == 5000);
  CHECK(bench.delivered(remote(99), {nat_external, 5000}));  // a stranger takes none
  bench.wait(301s);
  CHECK(bench.udp_out({inside_1, 5002}, remote(1)).passed());
}

TEST_CASE("nat: what a flow beyond a limit hears can be chosen",
          "[nat][rfc5508-req8][rfc6888-req11][rfc5508-req9]") {
  Config config = default_config();
  config.max_mappings = 1;
  config.refusal_answer = RefusalAnswer::host_unreachable;
  Bench unreachable(config);
  unreachable.seen({inside_1, 5000}, e1p);
  const Outcome refused = unreachable.udp_out({inside_1, 5001}, e1p);
  REQUIRE(error_in(refused.commands));
  CHECK(error_in(refused.commands)->code() == unreachable_code::host);
  config.refusal_answer = RefusalAnswer::silence;
  Bench silent(config);
  silent.seen({inside_1, 5000}, e1p);
  const Outcome unanswered = silent.udp_out({inside_1, 5001}, e1p);
  CHECK_FALSE(unanswered.passed());
  CHECK(unanswered.commands.empty());
}

TEST_CASE("nat: refusals are told of once a second for each reason", "[nat][rfc6888-req11c]") {
  Config config = default_config();
  config.max_mappings = 1;
  Bench bench(config);
  bench.seen({inside_1, 5000}, e1p);
  bench.events.clear();
  for (int i = 0; i < 30; ++i) {
    bench.udp_out({inside_2, 6000}, e1p);
    bench.wait(100ms);
  }
  CHECK(bench.events.size() == 3);
  CHECK(bench.nat.counters().refused_mapping_limit == 30);
}

TEST_CASE("nat: strangers that filtering lets in take no memory", "[nat]") {
  Bench bench;
  const TransportAddress external = bench.seen({inside_1, 5000}, e1p);
  for (std::uint16_t port = 1; port < 5000; ++port)
    CHECK(bench.delivered({outside_2, port}, external));
  CHECK(bench.nat.session_count() == 1);
}

TEST_CASE("nat: events and commands that nobody takes are limited", "[nat]") {
  Config config = default_config();
  config.max_events = 3;
  config.max_commands = 2;
  SeededRandom random(1);
  Nat nat(config, random);
  for (std::uint16_t port = 5000; port < 5010; ++port) {
    ByteVector packet = make_udp({inside_1, port}, e1p, {});
    nat.handle_packet(Instant{}, Side::inside, packet);
    packet = make_udp({inside_1, port}, e1p, {}, {.ttl = 1});
    nat.handle_packet(Instant{}, Side::inside, packet);
  }
  CHECK(nat.counters().events_lost == 7);
  CHECK(nat.counters().commands_lost == 8);
}

TEST_CASE("nat: tables survive many flows that come and go", "[nat]") {
  Config config = default_config();
  config.mapping = Behavior::address_and_port_dependent;
  Bench bench(config);
  for (int round = 0; round < 20; ++round) {
    for (std::uint16_t i = 0; i < 500; ++i) {
      const auto port = static_cast<std::uint16_t>(2000 + (round * 131 + i * 17) % 5000);
      CHECK(bench.udp_out({inside_1, port}, {outside_1, port}).passed());
      CHECK(bench.udp_out({inside_2, port}, {outside_2, port}).passed());
    }
    bench.wait(100s);
  }
  bench.wait(400s);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.nat.counters().mappings_created == bench.nat.counters().mappings_ended);
}

TEST_CASE("nat: the same inputs give the same outputs", "[nat]") {
  const auto trace = [] {
    Config config = default_config();
    config.ports = PortAssignment::random;
    Bench bench(config, 42);
    ByteVector all;
    for (std::uint16_t port = 5000; port < 5200; ++port) {
      const Outcome outcome = bench.udp_out({inside_1, port}, e1p);
      all.insert(all.end(), outcome.packet.begin(), outcome.packet.end());
    }
    bench.wait(400s);
    for (const Event& event : bench.events)
      if (const auto* ended = std::get_if<MappingEnded>(&event))
        all.push_back(static_cast<std::uint8_t>(ended->external.port));
    return all;
  };
  CHECK(trace() == trace());
}

TEST_CASE("nat: a configuration that cannot work is refused with one line", "[nat]") {
  SeededRandom random(1);
  CHECK_FALSE(problem_with(default_config()));
  const auto refused = [&](auto change) {
    Config config = default_config();
    change(config);
    REQUIRE(problem_with(config));
    CHECK(problem_with(config)->find('\n') == std::string::npos);
    CHECK_THROWS_AS(Nat(config, random), std::invalid_argument);
  };
  refused([](Config& c) { c.external.clear(); });
  refused([](Config& c) { c.external = {ip("2001:db8::1")}; });
  refused([](Config& c) { c.external = {ip("0.0.0.0")}; });
  refused([](Config& c) { c.external.push_back(nat_external); });
  refused([](Config& c) { c.inside_address = nat_external; });
  refused([](Config& c) { c.inside_address = ip("2001:db8::1"); });
  refused([](Config& c) { c.port_min = 0; });
  refused([](Config& c) { c.port_min = 2000, c.port_max = 1999; });
  refused([](Config& c) { c.ports = PortAssignment::block, c.port_max = 1100; });
  refused([](Config& c) { c.block_size = 0; });
  refused([](Config& c) { c.max_mappings = 0; });
  refused([](Config& c) { c.udp_timeout = 0s; });
  refused([](Config& c) { c.udp_port_timeouts = {{53, 0s}}; });
  refused([](Config& c) { c.udp_port_timeouts = {{1024, 30s}}; });
  refused([](Config& c) { c.port_hold = -1s; });
  refused([](Config& c) { c.ports = PortAssignment::none, c.port_min = 1024; });
  refused([](Config& c) { c.inside_mtu = 67; });
}

TEST_CASE("nat: every counter has its name once", "[nat]") {
  std::set<std::string_view> names;
  Counters counters;
  for (const auto& [name, value] : counter_names) {
    names.insert(name);
    counters.*value = 1;
  }
  CHECK(names.size() == counter_names.size());
  CHECK(sizeof(Counters) == counter_names.size() * sizeof(std::uint64_t));
  for (const auto& [name, value] : counter_names) CHECK(counters.*value == 1);
}

}  // namespace stile::nat::test
