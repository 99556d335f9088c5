#pragma once

#include <string>
#include <vector>

#include "stile/base/address.hpp"

namespace stile {

struct InterfaceFilter {
  std::string only;       ///< the name of one interface; empty: all
  bool loopback = false;  ///< take 127.0.0.1 and ::1, too
};

/// The host's own addresses that candidates may be made of: of interfaces that are up, neither IPv6
/// link-local (which need a zone) nor those of container bridges (docker0, br-..., veth...), unless
/// one is asked for by name.
std::vector<IpAddress> local_addresses(const InterfaceFilter& filter = {});

}  // namespace stile
