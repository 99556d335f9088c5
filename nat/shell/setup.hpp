#pragma once

#include <vector>

#include "nat/core/config.hpp"
#include "nat/shell/interface.hpp"
#include "nat/shell/options.hpp"

namespace stile::nat::shell {

/// One side of the NAT as this machine has it.
struct RealmSetup {
  Interface interface;
  /// Destinations that are this machine's own and not translated: the kernel answers for them, as
  /// it always does.
  std::vector<IpAddress> left_to_kernel;
};

/// The options put together with what the interfaces say.
struct Setup {
  RealmSetup inside;
  RealmSetup outside;
  Config nat;
  std::vector<IpAddress>
      proxied;  ///< external addresses that no interface has: ARP is answered for them
};

/// Throws Problem.
Setup make_setup(const RunOptions& options);

/// Once more, when addresses have changed: there may be no external one now. Throws Problem if an
/// interface is gone.
Setup make_setup_again(const RunOptions& options);

}  // namespace stile::nat::shell
