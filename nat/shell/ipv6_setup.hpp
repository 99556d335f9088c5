#pragma once

#include "nat/shell/setup.hpp"

namespace stile::nat::shell {

/// Whether the options ask for one of them: NAT64, CLAT, NPTv6 or the firewall.
bool has_ipv6(const RunOptions& options);
/// Throws Problem, UsageProblem.
Setup make_ipv6_setup(const RunOptions& options, Random& random);

}  // namespace stile::nat::shell
