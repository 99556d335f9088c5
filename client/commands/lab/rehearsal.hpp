#pragma once

#include "client/commands/lab/meeting.hpp"
#include "client/commands/lab/scenario.hpp"

namespace stile::lab {

/// The pair in the simulator instead of in namespaces: the same agent, relay and NAT on a virtual
/// clock. The kernel's NAT is played by the behaviour that theory reckons with.
Meeting rehearse(const Scenario& scenario);

}  // namespace stile::lab
