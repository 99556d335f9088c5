#pragma once

#include "nat/core/config.hpp"
#include "nat/shell/options.hpp"
#include "nat/shell/placement.hpp"

namespace stile::nat::shell {

/// The options put together with what the interfaces say.
struct Nat44Setup {
  Placement placement;
  Config nat;
};

/// Throws Problem.
Nat44Setup make_nat44_setup(const RunOptions& options);

/// Once more, when addresses have changed: there may be no external one now. Throws Problem if an
/// interface is gone.
Nat44Setup make_nat44_setup_again(const RunOptions& options);

}  // namespace stile::nat::shell
