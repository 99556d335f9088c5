#pragma once

#include <span>
#include <string>
#include <vector>

#include "stile/base/address.hpp"

namespace stile {

struct InterfaceFilter {
  std::string only;       ///< the name of one interface; empty: all
  bool loopback = false;  ///< take 127.0.0.1 and ::1, too
  /// Of each family only the address that the system would reach the Internet from, so that nobody
  /// learns of the others (RFC 8828 §5.2, mode 2).
  bool default_route = false;

  friend bool operator==(const InterfaceFilter&, const InterfaceFilter&) = default;
};

/// The host's own addresses that candidates may be made of, those that are to be preferred first:
/// of interfaces that are up, neither IPv6 link-local (which need a zone) nor those of containers
/// and virtual machines (docker0, br-..., veth...), unless one is asked for by name. IPv4
/// link-local ones only if there are no others of IPv4. Those of VPNs come last.
std::vector<IpAddress> local_addresses(const InterfaceFilter& filter = {});

/// One address of one interface, as the system tells.
struct InterfaceAddress {
  std::string name;  ///< of the interface
  IpAddress address;
  bool up = true;
};
/// What local_addresses() makes of such a list, but for default_route.
std::vector<IpAddress> usable_addresses(std::span<const InterfaceAddress> all,
                                        const InterfaceFilter& filter);

}  // namespace stile
