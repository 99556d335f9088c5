#include "expect_path.hpp"

namespace stile::sim::test {

TEST_CASE("sim: where one router maps ports, peers meet directly that otherwise need the relay",
          "[sim][rfc6887-11][rfc6886-3.3]") {
  for (const auto mapping : {PortMapping::pcp, PortMapping::nat_pmp}) {
    for (const NatBehavior& b : all_behaviors()) {
      Scenario scenario;
      scenario.a = behind("APDM/APDF");
      scenario.b = GatewaySpec{b};
      scenario.a->port_mapping = mapping;
      expect_path(scenario, Path::direct);
      std::swap(scenario.a, scenario.b);
      scenario.relay = false;
      expect_path(scenario, Path::direct);
    }
  }
}

TEST_CASE("sim: a mapping keeps a path open as long as the session lasts", "[sim][rfc6887-15]") {
  Scenario scenario;
  scenario.a = scenario.b = behind("APDM/APDF");
  scenario.a->port_mapping = PortMapping::pcp;
  scenario.linger = std::chrono::hours(3);
  expect_path(scenario, Path::direct);
}

}  // namespace stile::sim::test
