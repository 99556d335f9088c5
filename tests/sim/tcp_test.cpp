#include "expect_path.hpp"

namespace stile::sim::test {

TEST_CASE("sim: behind NATs that block UDP a peer connects over TCP to one on the Internet",
          "[sim][rfc6544-7][rfc5382-4]") {
  for (const NatBehavior& a : all_behaviors()) {
    Scenario scenario;
    scenario.a = GatewaySpec{a};
    scenario.tcp = scenario.udp_blocked = true;
    expect_path(scenario, Path::direct);
    std::swap(scenario.a, scenario.b);
    expect_path(scenario, Path::direct);
  }
}

TEST_CASE("sim: a connection with a peer outlasts loss, and carries data as long as it is kept",
          "[sim][rfc6544-11.1][rfc7675-5.1]") {
  Scenario scenario;
  scenario.a = behind("APDM/APDF");
  scenario.tcp = scenario.udp_blocked = true;
  scenario.internet.loss = 0.1;
  scenario.linger = std::chrono::minutes(10);
  for (scenario.seed = 1; scenario.seed <= 10; ++scenario.seed) expect_path(scenario, Path::direct);
}

TEST_CASE("sim: TCP candidates change nothing where UDP works", "[sim][rfc6544-4.2]") {
  for (const NatBehavior& a : all_behaviors()) {
    Scenario scenario;
    scenario.a = GatewaySpec{a};
    scenario.b = behind("EIM/APDF");
    scenario.tcp = true;
    expect_path(scenario, expected_path(a, scenario.b->behavior, true));
  }
}

}  // namespace stile::sim::test
