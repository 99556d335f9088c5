#include "expect_path.hpp"

namespace stile::sim::test {

namespace {

/// Where both take one port for all destinations, or one does and lets everybody in.
bool opens_from_both_sides(const NatBehavior& a, const NatBehavior& b) {
  constexpr auto independent = nat::Behavior::endpoint_independent;
  const auto is_open = [](const NatBehavior& nat) {
    return nat.mapping == independent && nat.filtering == independent;
  };
  return is_open(a) || is_open(b) || (a.mapping == independent && b.mapping == independent);
}

}  // namespace

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

TEST_CASE("sim: behind two NATs that block UDP peers open a connection from both sides at once",
          "[sim][rfc6544-5.2][rfc6544-7.1][rfc5382-4.2]") {
  for (const NatBehavior& a : all_behaviors()) {
    for (const NatBehavior& b : all_behaviors()) {
      if (!opens_from_both_sides(a, b)) continue;
      Scenario scenario;
      scenario.a = GatewaySpec{a};
      scenario.b = GatewaySpec{b};
      scenario.tcp = scenario.udp_blocked = true;
      scenario.relay = false;
      expect_path(scenario, Path::direct);
    }
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
