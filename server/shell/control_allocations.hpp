#pragma once

#include "server/shell/control.hpp"
#include "server/shell/workers.hpp"

namespace stile::server {

/// `list`, `show RELAYED`, `close RELAYED` and `close-user NAME`: what the workers have, and what
/// is to end.
Control::Commands allocation_commands(const Workers& workers);

}  // namespace stile::server
