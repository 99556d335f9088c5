#pragma once

#include <functional>

#include "nat/sim/scenario.hpp"

namespace stile::sim {

/// One of all that there are: both peers' NATs, or none, by mapping, filtering and port assignment;
/// a carrier's NAT above them or not, with its hairpinning; with a relay or without; and what
/// befalls packets. The same number is the same scenario.
Scenario scenario_number(std::uint64_t number);

/// Whether it ends otherwise than the oracle says. What is guessed may miss twice.
bool contradicts_oracle(const Scenario& scenario);

/// The smallest scenario that is found to fail as `scenario` does, by leaving out one thing after
/// the other.
Scenario shrink(Scenario scenario, const std::function<bool(const Scenario&)>& fails);

}  // namespace stile::sim
