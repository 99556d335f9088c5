#pragma once

#include "nat/shell/interface.hpp"
#include "nat/shell/options.hpp"

namespace stile::nat::shell {

/// The interface of the inside hosts; of a TUN device, what the options say, which needs not be
/// there yet. Throws Problem.
Interface inside_interface(const RunOptions& options);
/// Towards the Internet, likewise. A TUN device has no IPv4 address there.
Interface outside_interface(const RunOptions& options);

}  // namespace stile::nat::shell
