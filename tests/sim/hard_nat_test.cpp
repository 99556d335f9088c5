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

// By the birthday bound 98.3 of 100: one probe of 1,024 hits one port of 257 among 64,512. Ports
// that are neighbours are not missed, since the probes lie no further apart than there are of them.
TEST_CASE("sim: 98 of 100 pairs that only guessing connects meet directly within 12 seconds",
          "[sim][thorough][rfc4787-4.1][rfc4787-4.2.1]") {
  using nat::PortAssignment;
  struct Pair {
    const char* a;
    const char* b;
    PortAssignment ports;
    int least;  ///< of random ones three standard deviations below the bound
  };
  constexpr int seeds = 1000;
  constexpr int of_random = seeds * guesses_that_hit / 100 - 10;
  for (const auto& [a, b, ports, least] :
       {Pair{"APDM/APDF", "EIM/APDF", PortAssignment::random, of_random},
        Pair{"EIM/APDF", "ADM/APDF", PortAssignment::random, of_random},
        Pair{"EIM/APDF", "ADM/APDF", PortAssignment::preserve, seeds},
        Pair{"APDM/EIF", "EIM/APDF", PortAssignment::block, seeds - 3}}) {
    int direct = 0;
    std::vector<Duration> times;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      Scenario scenario = hard(*parse_behavior(a), *parse_behavior(b), ports);
      scenario.seed = seed;
      const Result result = play(scenario);
      CHECK(result.path != Path::none);
      CHECK(result.first_data < std::chrono::seconds(1));  // by the relay meanwhile
      if (result.path == Path::direct && result.settled < std::chrono::seconds(12)) ++direct;
      times.push_back(result.settled);
    }
    std::ranges::sort(times);
    INFO(a << " with " << b << ": " << direct << " of " << seeds << ", the median in "
           << times[seeds / 2].count() / 1000 << " ms");
    CHECK(direct >= least);
  }
}

TEST_CASE("sim: a peer that lost packets while it gathered still says what its NAT does",
          "[sim][rfc4787-4.1]") {
  int direct = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Scenario scenario = hard(*parse_behavior("EIM/APDF"), *parse_behavior("ADM/APDF"),
                             nat::PortAssignment::preserve);
    scenario.internet.loss = 0.1;
    scenario.seed = seed;
    direct += play(scenario).path == Path::direct;
  }
  CHECK(direct == 40);
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
