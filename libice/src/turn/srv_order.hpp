#pragma once

#include <vector>

#include "stile/base/random.hpp"
#include "stile/turn/dns.hpp"

namespace stile::dns {

/// In the order to try them, by priority, and by chance as the weights want it (RFC 2782).
void put_in_order(std::vector<Srv>& records, Random& random);

}  // namespace stile::dns
