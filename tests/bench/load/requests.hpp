#pragma once

#include "tests/bench/load/traffic.hpp"

namespace stile::bench {

struct RequestCost {
  std::uint64_t answers = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  double load_seconds = 0;           ///< this thread's
  std::uint64_t resident_bytes = 0;  ///< what the server has more than before
};

/// So many allocations, sixteen at a time, each with its challenge; with `channel`, with one
/// channel too. They are there at the end of the count, and are released then.
RequestCost allocate(const Plan& plan, unsigned count, bool channel);

/// Binding requests from `prefixes` networks for plan.seconds, one on its way from each. The
/// client's address is the first of them; those of the others differ in its third byte.
RequestCost binding(const Plan& plan, unsigned prefixes);

}  // namespace stile::bench
