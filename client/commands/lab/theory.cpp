#include <algorithm>

#include "client/commands/lab/scenario.hpp"

namespace stile::lab {

namespace {

sim::NatBehavior stricter(const sim::NatBehavior& x, const sim::NatBehavior& y) {
  return {std::max(x.mapping, y.mapping), std::max(x.filtering, y.filtering)};
}

/// One NAT behind another maps and filters as the stricter of the two does.
sim::NatBehavior seen_from_outside(const Gateway& home, const std::optional<Gateway>& carrier) {
  return carrier ? stricter(home.theory(), carrier->theory()) : home.theory();
}

}  // namespace

std::optional<Path> theory(const Scenario& scenario) {
  if (!scenario.a.has_theory() || !scenario.b.has_theory() ||
      (scenario.carrier && !scenario.carrier->has_theory()))
    return std::nullopt;
  const bool somebody_open =
      scenario.a.kind == Gateway::Kind::none || scenario.b.kind == Gateway::Kind::none;
  // Below the carrier's NAT there is nothing between an open peer and the other one's home.
  if (scenario.carrier && somebody_open)
    return sim::expected_path(scenario.a.theory(), scenario.b.theory(), scenario.relay);
  return sim::expected_path(seen_from_outside(scenario.a, scenario.carrier),
                            seen_from_outside(scenario.b, scenario.carrier), scenario.relay);
}

bool is_right(const Scenario& scenario, Path path) {
  if (const auto expected = theory(scenario)) return path == *expected;
  return path != Path::none || !scenario.relay;
}

}  // namespace stile::lab
