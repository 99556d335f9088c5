#include "expect_path.hpp"

namespace stile::sim::test {

TEST_CASE("sim: where a quarter of the packets is lost all peers meet", "[sim][rfc8445-14.3]") {
  for (const char* home : {"EIM/APDF", "APDM/APDF"}) {
    Scenario scenario;
    scenario.a = scenario.b = behind(home);
    scenario.internet = {.delay = std::chrono::milliseconds(24), .loss = 0.25};
    const Path expected = expected_path(scenario.a->behavior, scenario.b->behavior, true);
    for (scenario.seed = 1; scenario.seed <= 40; ++scenario.seed) expect_path(scenario, expected);
  }
}

TEST_CASE("sim: where packets are lost, peers that can meet directly do not select the relay first",
          "[sim][rfc8445-8.1.1]") {
  int runs = 0, relay_first = 0;
  for (const char* home : {"none", "EIM/EIF", "EIM/APDF"}) {
    for (const int milliseconds : {1, 24}) {
      for (const bool trickle : {true, false}) {
        Scenario scenario;
        if (home != std::string_view("none")) scenario.a = scenario.b = behind(home);
        scenario.internet = {.delay = std::chrono::milliseconds(milliseconds), .loss = 0.05};
        scenario.trickle = trickle;
        for (scenario.seed = 1; scenario.seed <= 40; ++scenario.seed, ++runs)
          relay_first += play(scenario).relay_first;
      }
    }
  }
  CHECK(relay_first * 100 <= runs);
}

TEST_CASE("sim: where half of the packets are lost peers meet, directly nearly always",
          "[sim][thorough][rfc8445-14.3]") {
  const auto meetings = [](const char* home) {
    Scenario scenario;
    scenario.a = scenario.b = behind(home);
    scenario.internet = {.delay = std::chrono::milliseconds(24), .loss = 0.5};
    int met = 0;
    for (scenario.seed = 1; scenario.seed <= 50; ++scenario.seed)
      met += play(scenario).path != Path::none;
    return met;
  };
  CHECK(meetings("EIM/APDF") == 50);
  CHECK(meetings("APDM/APDF") >= 45);
}

TEST_CASE("sim: consent outlives a path that loses half of its packets",
          "[sim][thorough][rfc7675-5.1]") {
  Scenario scenario;
  scenario.a = scenario.b = behind("EIM/APDF");
  scenario.internet = {.delay = std::chrono::milliseconds(24), .loss = 0.5};
  scenario.linger = std::chrono::minutes(30);
  for (scenario.seed = 1; scenario.seed <= 10; ++scenario.seed) {
    const Result result = play(scenario);
    CHECK(result.path != Path::none);
    CHECK(result.still_works);
  }
}

}  // namespace stile::sim::test
