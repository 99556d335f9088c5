#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::nat::shell {

using MacAddress = std::array<std::uint8_t, 6>;

/// What the kernel says of a network interface.
struct Interface {
  std::string name;
  int index = 0;
  MacAddress mac{};
  std::uint16_t mtu = 0;                  ///< bytes, IP header included
  std::vector<IpAddress> addresses;       ///< IPv4, in the kernel's order
  std::vector<IpPrefix> networks;         ///< of `addresses`, on this link
  std::vector<IpAddress> ipv6_addresses;  ///< link-local ones not counted
};

/// Throws Problem if there is none of that name, or if it does not carry Ethernet frames.
Interface find_interface(const std::string& name);

/// Every IPv4 address of this machine (of this network namespace).
std::vector<IpAddress> all_own_addresses();

}  // namespace stile::nat::shell
