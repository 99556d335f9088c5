#pragma once

namespace stile::server {

/// `stile-server user add|del|list`: the arguments from `user` on, and the exit status. Errors are
/// told in one line on standard error.
int run_user_command(int count, const char* const* arguments);

}  // namespace stile::server
