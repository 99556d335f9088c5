#pragma once

#include <memory>

#include "nat/shell/link.hpp"
#include "nat/shell/placement.hpp"

namespace stile::nat::shell {

/// A Link over AF_XDP. Throws Problem where the interface, the kernel or this build has none.
std::unique_ptr<Link> make_xdp_link(const RealmSetup& realm, const Placement& placement);

}  // namespace stile::nat::shell
