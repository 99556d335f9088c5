#pragma once

#include "nat/shell/options.hpp"

namespace stile::nat::shell {

/// `stile-nat ctl who [tcp:|udp:]ADDR:PORT [TIME]`: who had an external address and port. The
/// running program says where its log is and how deterministic shares are dealt out; the log is
/// searched here. Exit status 1 if nobody had it. Throws UsageProblem, Problem.
int run_who(const ControlOptions& options);

}  // namespace stile::nat::shell
