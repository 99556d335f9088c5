#pragma once

#include <istream>
#include <vector>

#include "stile/base/address.hpp"

namespace stile {

/// The IPv4 routers that default routes lead to, as the system says now, each with this port: for
/// ice::Config::port_mapping_routers. None where the system does not tell (only Linux does).
std::vector<TransportAddress> default_routers(std::uint16_t port);

/// The same from the text of Linux's /proc/net/route.
std::vector<TransportAddress> default_routers_in(std::istream& table, std::uint16_t port);

}  // namespace stile
