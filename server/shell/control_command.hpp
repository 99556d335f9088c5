#pragma once

namespace stile::server {

/// `stile-server ctl COMMAND`: the arguments from `ctl` on, and the exit status.
/// Errors are told in one line on standard error.
int run_control_command(int count, const char* const* arguments);

}  // namespace stile::server
