#pragma once

#include "nat/sim/scenario.hpp"

namespace stile::sim {

/// What RFC 4787 says of a whole scenario: as expected_path() of two NATs, but with the carrier's
/// above both, and its hairpinning (§6). Delay and loss do not matter to it; with hard_nats it
/// counts what guessing must find where there is no carrier.
Path expected_path(const Scenario& scenario);

}  // namespace stile::sim
