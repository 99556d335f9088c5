#pragma once

#include "stile/asio/local_addresses.hpp"

namespace stile {

/// All that the system has; nothing if it does not tell.
std::vector<InterfaceAddress> interface_addresses();

}  // namespace stile
