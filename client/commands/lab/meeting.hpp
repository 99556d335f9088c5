#pragma once

#include <string>

#include "client/commands/lab/scenario.hpp"
#include "client/commands/lab/topology.hpp"

namespace stile::lab {

/// How two peers came to talk.
struct Meeting {
  Path path = Path::none;
  std::string local_a;    ///< host, srflx, prflx or relay: a's end of the path, as a sees it
  std::string local_b;    ///< b's end, as b sees it
  long milliseconds = 0;  ///< from their introduction until both have heard the other
  std::string reason;     ///< when they did not meet
};

/// Runs `stile connect --stdio` in both homes, does their signalling, lets each send the other a
/// line, and says how it went. Bounded by the scenario's patience.
Meeting meet(const Topology& topology, const Scenario& scenario);

}  // namespace stile::lab
