#pragma once

#include <catch2/catch.hpp>

#include "nat/sim/scenario.hpp"

namespace stile::sim::test {

/// Plays the scenario and checks that the peers met this way. If not, the failure says how to play
/// it again, and a capture of its packets lies in the working directory.
Result expect_path(const Scenario& scenario, Path expected);

inline GatewaySpec behind(const char* behavior) {
  return {*parse_behavior(behavior)};
}

}  // namespace stile::sim::test
