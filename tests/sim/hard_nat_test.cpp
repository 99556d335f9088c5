#include <algorithm>
#include <vector>

#include "expect_path.hpp"

namespace stile::sim::test {

namespace {

Scenario hard(const NatBehavior& a, const NatBehavior& b, nat::PortAssignment ports) {
  Scenario scenario;
  scenario.a = GatewaySpec{a, ports};
  scenario.b = GatewaySpec{b, ports};
  scenario.hard_nats = true;
  return scenario;
}

}  // namespace

// By the birthday bound 98.3 of 100: one probe of 1,024 hits one port of 257 among 64,512.
TEST_CASE("sim: 98 of 100 pairs that only guessing connects meet directly within 12 seconds",
          "[sim][thorough][rfc4787-4.1][rfc4787-4.2.1]") {
  using nat::PortAssignment;
  struct Pair {
    const char* a;
    const char* b;
    PortAssignment ports;
  };
  int all = 0;
  for (const auto& [a, b, ports] : {Pair{"APDM/APDF", "EIM/APDF", PortAssignment::random},
                                    Pair{"EIM/APDF", "ADM/APDF", PortAssignment::preserve},
                                    Pair{"APDM/EIF", "EIM/APDF", PortAssignment::block}}) {
    int direct = 0;
    std::vector<Duration> times;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      Scenario scenario = hard(*parse_behavior(a), *parse_behavior(b), ports);
      scenario.seed = seed;
      const Result result = play(scenario);
      CHECK(result.path != Path::none);
      CHECK(result.first_data < std::chrono::seconds(1));  // by the relay meanwhile
      if (result.path == Path::direct && result.settled < std::chrono::seconds(12)) ++direct;
      times.push_back(result.settled);
    }
    std::ranges::sort(times);
    INFO(a << " with " << b << ": " << direct << " of 100, the median in "
           << times[50].count() / 1000 << " ms");
    CHECK(direct >= guesses_that_hit - 3);  // two standard deviations of a hundred
    all += direct;
  }
  CHECK(all >= 3 * guesses_that_hit - 5);  // likewise of three hundred
}

TEST_CASE("sim: where a NAT counts its ports up, the next ones are foreseen",
          "[sim][rfc4787-4.2.1]") {
  for (const char* a : {"APDM/APDF", "ADM/APDF", "APDM/EIF"}) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Scenario scenario =
          hard(*parse_behavior(a), *parse_behavior("EIM/APDF"), nat::PortAssignment::sequential);
      scenario.seed = seed;
      const Result result = expect_path(scenario, Path::direct);
      CHECK(result.settled < std::chrono::seconds(3));
    }
  }
}

TEST_CASE("sim: where both NATs take another port for each destination the relay stays",
          "[sim][rfc4787-4.1]") {
  expect_path(
      hard(*parse_behavior("APDM/APDF"), *parse_behavior("ADM/APDF"), nat::PortAssignment::random),
      Path::relay);
}

TEST_CASE("sim: guessing needs no relay", "[sim]") {
  Scenario scenario =
      hard(*parse_behavior("APDM/APDF"), *parse_behavior("EIM/APDF"), nat::PortAssignment::random);
  scenario.relay = false;
  expect_path(scenario, Path::direct);
}

TEST_CASE("sim: all pairs of NATs, with each way to pick ports, as the oracle of guesses says",
          "[sim][thorough][rfc4787-4.1][rfc4787-4.2.1][rfc4787-5]") {
  using nat::PortAssignment;
  for (const auto ports : {PortAssignment::preserve, PortAssignment::sequential,
                           PortAssignment::random, PortAssignment::block}) {
    for (const NatBehavior& a : all_behaviors()) {
      for (const NatBehavior& b : all_behaviors()) {
        Scenario scenario = hard(a, b, ports);
        const Path expected = expected_path_by_guessing(a, b, true);
        // Two in a hundred guesses miss: three times in a row is no chance.
        if (play(scenario).path == expected) continue;
        scenario.seed = 2;
        if (play(scenario).path == expected) continue;
        scenario.seed = 3;
        expect_path(scenario, expected);
      }
    }
  }
}

}  // namespace stile::sim::test
