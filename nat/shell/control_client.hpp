#pragma once

#include "nat/shell/options.hpp"

namespace stile::nat::shell {

/// `stile-nat ctl`: asks, prints the answer, and gives the exit status. Throws control::Error if
/// nobody answers.
int run_control_client(const ControlOptions& options);

}  // namespace stile::nat::shell
