#pragma once

#include <signal.h>

#include <vector>

#include "nat/shell/descriptor.hpp"

namespace stile::nat::shell {

/// SIGTERM, SIGINT and SIGHUP, which come out of this from now on.
Descriptor take_signals();
/// Those that have come.
std::vector<int> read_signals(const Descriptor& signals);

}  // namespace stile::nat::shell
