#pragma once

#include <vector>

#include "stile/base/address.hpp"

namespace stile::server {

/// The addresses of this machine's interfaces that are up: no IPv6 link-local ones, loopback last.
std::vector<IpAddress> interface_addresses();

}  // namespace stile::server
