#include "expect_path.hpp"

namespace stile::sim::test {

TEST_CASE("sim: a peer without NAT meets every other directly", "[sim][rfc8445-2]") {
  for (const NatBehavior& b : all_behaviors()) {
    Scenario scenario;
    scenario.b = GatewaySpec{b};
    scenario.relay = false;
    expect_path(scenario, Path::direct);
    std::swap(scenario.a, scenario.b);
    expect_path(scenario, Path::direct);
  }
}

TEST_CASE("sim: two peers without NAT meet, even without any server", "[sim][rfc8445-2]") {
  Scenario scenario;
  CHECK(expect_path(scenario, Path::direct).local_a == ice::CandidateType::host);
  scenario.server = false;
  expect_path(scenario, Path::direct);
}

TEST_CASE("sim: two homes behind one carrier NAT meet by hairpinning",
          "[sim][rfc4787-6][rfc6888-req1]") {
  for (const char* home : {"EIM/EIF", "EIM/ADF", "EIM/APDF"}) {
    Scenario scenario;
    scenario.carrier = behind("EIM/EIF");
    scenario.a = scenario.b = behind(home);
    scenario.relay = false;
    expect_path(scenario, Path::direct);
  }
}

TEST_CASE("sim: where the carrier's NAT does not hairpin, the relay is needed",
          "[sim][rfc4787-6]") {
  Scenario scenario;
  scenario.carrier = behind("EIM/EIF");
  scenario.carrier->hairpin = nat::Hairpin::off;
  scenario.a = scenario.b = behind("EIM/EIF");
  expect_path(scenario, Path::relay);
  scenario.relay = false;
  expect_path(scenario, Path::none);
}

TEST_CASE("sim: a NAT behind a NAT is as hard as the harder of the two",
          "[sim][rfc4787-4.1][rfc4787-5]") {
  Scenario scenario;
  scenario.a = scenario.b = behind("EIM/EIF");
  scenario.carrier = behind("APDM/APDF");
  expect_path(scenario, Path::relay);
  scenario.a = scenario.b = behind("APDM/APDF");
  scenario.carrier = behind("EIM/EIF");
  expect_path(scenario, Path::relay);
}

TEST_CASE("sim: a peer that hangs on the carrier's network needs no hairpin", "[sim]") {
  Scenario scenario;
  scenario.carrier = behind("APDM/APDF");
  scenario.b = behind("EIM/APDF");
  scenario.relay = false;
  CHECK(expect_path(scenario, Path::direct).local_a == ice::CandidateType::host);
}

TEST_CASE("sim: how a NAT picks ports does not change who meets", "[sim][rfc4787-4.2.1]") {
  using nat::PortAssignment;
  for (const auto ports :
       {PortAssignment::preserve, PortAssignment::sequential, PortAssignment::random}) {
    Scenario scenario;
    scenario.a = behind("EIM/APDF");
    scenario.b = behind("EIM/ADF");
    scenario.a->ports = scenario.b->ports = ports;
    expect_path(scenario, Path::direct);
    scenario.b = behind("APDM/APDF");
    scenario.b->ports = ports;
    expect_path(scenario, Path::relay);
  }
}

TEST_CASE("sim: with a server that is not there and NATs between them, peers give up and say so",
          "[sim][rfc8863-4]") {
  Scenario scenario;
  scenario.server = false;
  scenario.a = scenario.b = behind("EIM/EIF");
  scenario.patience = std::chrono::minutes(2);
  const Result result = expect_path(scenario, Path::none);
  CHECK(result.selected < scenario.patience);
}

}  // namespace stile::sim::test
