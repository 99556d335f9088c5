#pragma once

#include "stile/base/address.hpp"

namespace stile::relay {

/// Whose addresses are reckoned as one when it is bounded what strangers may do: who has one
/// address of an IPv4 /24 or an IPv6 /56 has all of it at hand.
inline IpAddress network_of(const IpAddress& address) {
  return IpPrefix(address, address.is_v4() ? 24 : 56).address();
}

}  // namespace stile::relay
