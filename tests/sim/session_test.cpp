#include "expect_path.hpp"

namespace stile::sim::test {

TEST_CASE("sim: after a restart the peers meet again, and data flows meanwhile",
          "[sim][rfc8445-9][rfc8445-12.1]") {
  for (const char* home : {"EIM/EIF", "EIM/APDF", "APDM/APDF"}) {
    for (const double loss : {0.0, 0.1}) {
      Scenario scenario;
      scenario.a = scenario.b = behind(home);
      scenario.internet.loss = loss;
      scenario.restart = true;
      expect_path(scenario, expected_path(scenario.a->behavior, scenario.b->behavior, true));
    }
  }
}

TEST_CASE("sim: a nomination that is lost is sent again, whatever else is answered meanwhile",
          "[sim][rfc8445-8.1.1]") {
  Scenario scenario;
  scenario.a = scenario.b = behind("EIM/APDF");
  scenario.internet = {.delay = std::chrono::milliseconds(24), .loss = 0.1};
  for (scenario.seed = 1; scenario.seed <= 60; ++scenario.seed)
    CHECK(expect_path(scenario, Path::direct).selected < std::chrono::seconds(20));
}

TEST_CASE("sim: a lite agent on the Internet meets a peer behind every NAT", "[sim][rfc8445-2.5]") {
  for (const NatBehavior& a : all_behaviors()) {
    Scenario scenario;
    scenario.a = GatewaySpec{a};
    scenario.lite_b = true;
    scenario.linger = std::chrono::minutes(6);
    expect_path(scenario, Path::direct);
  }
}

TEST_CASE(
    "sim: a pair through the relay is selected a moment after it works, not when all others have "
    "failed",
    "[sim][rfc8445-8.1.1]") {
  Scenario scenario;
  scenario.a = scenario.b = behind("APDM/APDF");
  const Result result = expect_path(scenario, Path::relay);
  CHECK(result.first_data < std::chrono::milliseconds(200));
  CHECK(result.selected < std::chrono::milliseconds(350));
}

}  // namespace stile::sim::test
