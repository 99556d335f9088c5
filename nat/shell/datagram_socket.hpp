#pragma once

#include "nat/shell/descriptor.hpp"
#include "stile/base/address.hpp"

namespace stile::nat::shell {

/// A UDP socket that sends to one address and does not wait. No descriptor if there cannot be one.
Descriptor connected_datagram_socket(const TransportAddress& to);

}  // namespace stile::nat::shell
