#include "expect_path.hpp"

namespace stile::sim::test {

namespace {

/// All pairs of the nine NATs, each compared with the oracle.
void expect_as_the_oracle_says(const Scenario& common) {
  for (const NatBehavior& a : all_behaviors()) {
    for (const NatBehavior& b : all_behaviors()) {
      Scenario scenario = common;
      scenario.a = GatewaySpec{a};
      scenario.b = GatewaySpec{b};
      expect_path(scenario, expected_path(a, b, scenario.relay));
    }
  }
}

}  // namespace

TEST_CASE("sim: 81 pairs with a relay meet as the oracle says", "[sim][rfc4787-4.1][rfc4787-5]") {
  expect_as_the_oracle_says(Scenario{});
}

TEST_CASE("sim: 81 pairs without a relay meet as the oracle says",
          "[sim][rfc4787-4.1][rfc4787-5]") {
  Scenario stun_only;
  stun_only.relay = false;
  expect_as_the_oracle_says(stun_only);
}

TEST_CASE("sim: 81 pairs with 10 % loss meet as the oracle says, for ten seeds",
          "[sim][rfc8445-14.3]") {
  Scenario lossy;
  lossy.internet.loss = 0.1;
  for (lossy.seed = 1; lossy.seed <= 10; ++lossy.seed) expect_as_the_oracle_says(lossy);
}

TEST_CASE("sim: 81 pairs without a relay and with 10 % loss, for ten seeds",
          "[sim][rfc8445-14.3]") {
  Scenario lossy;
  lossy.relay = false;
  lossy.internet.loss = 0.1;
  for (lossy.seed = 1; lossy.seed <= 10; ++lossy.seed) expect_as_the_oracle_says(lossy);
}

TEST_CASE("sim: packets that come late, twice or out of order change nothing", "[sim]") {
  Scenario rough;
  rough.internet.jitter = std::chrono::milliseconds(30);
  rough.internet.duplication = 0.1;
  rough.internet.reordering = 0.1;
  for (rough.seed = 1; rough.seed <= 3; ++rough.seed) expect_as_the_oracle_says(rough);
}

TEST_CASE("sim: on a long way the pairs are the same", "[sim]") {
  Scenario far;
  far.internet.delay = std::chrono::milliseconds(150);
  expect_as_the_oracle_says(far);
}

}  // namespace stile::sim::test
