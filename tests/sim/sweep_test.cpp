#include "nat/sim/sweep.hpp"

#include <catch2/catch.hpp>

#include "expect_path.hpp"
#include "nat/sim/network_oracle.hpp"

namespace stile::sim::test {

TEST_CASE("oracle: of two homes the one for networks says what the one for NATs says",
          "[sim][rfc4787-4.1][rfc4787-5]") {
  for (const NatBehavior& a : all_behaviors()) {
    for (const NatBehavior& b : all_behaviors()) {
      for (const bool relay : {true, false}) {
        Scenario scenario;
        scenario.a = GatewaySpec{a};
        scenario.b = GatewaySpec{b};
        scenario.relay = relay;
        CHECK(expected_path(scenario) == expected_path(a, b, relay));
      }
    }
  }
}

TEST_CASE("oracle: a carrier's NAT above both homes", "[sim][rfc4787-6]") {
  Scenario scenario;
  scenario.a = scenario.b = behind("EIM/EIF");
  scenario.carrier = behind("EIM/APDF");
  CHECK(expected_path(scenario) == Path::direct);
  scenario.carrier->hairpin = nat::Hairpin::off;
  CHECK(expected_path(scenario) == Path::relay);
  scenario.carrier = behind("APDM/APDF");
  CHECK(expected_path(scenario) == Path::relay);
  scenario.a.reset();
  CHECK(expected_path(scenario) == Path::direct);
}

void expect_as_the_oracle_says(std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t number = first; number <= last; ++number) {
    const Scenario scenario = scenario_number(number);
    if (!contradicts_oracle(scenario)) continue;
    const Scenario smallest = shrink(scenario, contradicts_oracle);
    FAIL_CHECK("number " << number << ", again: " << replay_command(scenario)
                         << "\nthe smallest that fails: " << replay_command(smallest));
  }
}

TEST_CASE("sim: scenarios drawn from all that there are end as the oracle says",
          "[sim][rfc4787-4.1][rfc4787-4.2.1][rfc4787-5][rfc4787-6]") {
  expect_as_the_oracle_says(1, 100);
}
TEST_CASE("sim: many more of them do, too",
          "[sim][thorough][rfc4787-4.1][rfc4787-4.2.1][rfc4787-5][rfc4787-6]") {
  expect_as_the_oracle_says(101, 1500);
}

TEST_CASE("sim: what fails is shrunk to what it takes to fail", "[sim]") {
  Scenario scenario = scenario_number(1);
  scenario.a = behind("APDM/APDF");
  scenario.b = behind("ADM/ADF");
  scenario.carrier = behind("APDM/EIF");
  scenario.internet = {.loss = 0.1, .duplication = 0.1, .reordering = 0.1};
  const auto fails = [](const Scenario& each) {
    return each.a && each.a->behavior.mapping != nat::Behavior::endpoint_independent &&
           each.internet.loss > 0;
  };
  const Scenario smallest = shrink(scenario, fails);
  CHECK(replay_command(smallest) ==
        "stile sim run --a APDM/EIF --b none --seed 1 --loss 10.000000 --pcap FILE");
}

}  // namespace stile::sim::test
