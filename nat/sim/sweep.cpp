#include "nat/sim/sweep.hpp"

#include <array>

#include "nat/sim/network_oracle.hpp"

namespace stile::sim {

namespace {

using std::chrono::milliseconds;

constexpr int tries_at_guessing = 3;

constexpr std::array port_assignments{nat::PortAssignment::preserve,
                                      nat::PortAssignment::sequential, nat::PortAssignment::random,
                                      nat::PortAssignment::block};
constexpr std::array hairpins{nat::Hairpin::external, nat::Hairpin::internal, nat::Hairpin::off};

const std::array<Quality, 5>& qualities() {
  static const std::array<Quality, 5> all{Quality{}, Quality{.loss = 0.1},
                                          Quality{.jitter = milliseconds(10), .reordering = 0.1},
                                          Quality{.duplication = 0.1},
                                          Quality{.delay = milliseconds(25),
                                                  .jitter = milliseconds(10),
                                                  .loss = 0.05,
                                                  .duplication = 0.05,
                                                  .reordering = 0.05}};
  return all;
}

std::optional<GatewaySpec> home(SeededRandom& random, nat::PortAssignment ports) {
  const auto behaviors = all_behaviors();
  const std::uint32_t choice = random.below(static_cast<std::uint32_t>(behaviors.size()) * 8 + 4);
  if (choice < 4) return std::nullopt;
  return GatewaySpec{behaviors[choice % behaviors.size()], ports};
}

template <std::size_t Size, class Value>
const Value& one_of(const std::array<Value, Size>& values, SeededRandom& random) {
  return values[random.below(Size)];
}

/// Each is one thing simpler, or the same.
std::vector<Scenario> simpler(const Scenario& scenario) {
  std::vector<Scenario> all;
  const auto add = [&](auto&& change) {
    Scenario next = scenario;
    change(next);
    if (replay_command(next) != replay_command(scenario)) all.push_back(std::move(next));
  };
  add([](Scenario& next) { next.internet = {}; });
  add([](Scenario& next) { next.internet.loss = 0; });
  add([](Scenario& next) { next.internet.reordering = 0; });
  add([](Scenario& next) { next.internet.duplication = 0; });
  add([](Scenario& next) { next.internet.jitter = {}; });
  add([](Scenario& next) { next.carrier.reset(); });
  add([](Scenario& next) { next.hard_nats = false; });
  add([](Scenario& next) { next.a.reset(); });
  add([](Scenario& next) { next.b.reset(); });
  add([](Scenario& next) { next.seed = 1; });
  for (auto gateway : {&Scenario::a, &Scenario::b, &Scenario::carrier}) {
    const auto with = [&](auto&& change) {
      if (scenario.*gateway) add([&](Scenario& next) { change(*(next.*gateway)); });
    };
    with([](GatewaySpec& spec) { spec.behavior = {}; });
    with([](GatewaySpec& spec) { spec.behavior.mapping = nat::Behavior::endpoint_independent; });
    with([](GatewaySpec& spec) { spec.behavior.filtering = nat::Behavior::endpoint_independent; });
    with([](GatewaySpec& spec) { spec.hairpin = nat::Hairpin::external; });
  }
  add([](Scenario& next) {
    for (auto* each : {&next.a, &next.b})
      if (*each) (*each)->ports = nat::PortAssignment::preserve;
  });
  return all;
}

}  // namespace

Scenario scenario_number(std::uint64_t number) {
  SeededRandom random(number);
  Scenario scenario;
  scenario.seed = number;
  const auto ports = one_of(port_assignments, random);
  scenario.a = home(random, ports);
  scenario.b = home(random, ports);
  scenario.internet = one_of(qualities(), random);
  scenario.relay = random.below(4) != 0;
  if (random.below(3) == 0) {
    const auto behaviors = all_behaviors();
    const auto count = static_cast<std::uint32_t>(behaviors.size());
    scenario.carrier = GatewaySpec{behaviors[random.below(count)]};
    scenario.carrier->hairpin = one_of(hairpins, random);
  } else {
    scenario.hard_nats = random.below(4) == 0;
  }
  return scenario;
}

bool contradicts_oracle(const Scenario& scenario) {
  const Path expected = expected_path(scenario);
  Scenario again = scenario;
  for (int i = 0; i < (scenario.hard_nats ? tries_at_guessing : 1); ++i, ++again.seed)
    if (play(again).path == expected) return false;
  return true;
}

Scenario shrink(Scenario scenario, const std::function<bool(const Scenario&)>& fails) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (Scenario& next : simpler(scenario)) {
      if (!fails(next)) continue;
      scenario = std::move(next);
      smaller = true;
      break;
    }
  }
  return scenario;
}

}  // namespace stile::sim
