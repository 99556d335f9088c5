#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::upnp {

/// Of the UPnP Internet Gateway Device.
struct Config {
  TransportAddress http;  ///< where its description is, inside
  /// Names this device, and no other one, for as long as it exists:
  /// `12345678-1234-1234-1234-123456789abc`.
  std::string uuid;
  /// Of the inside: whose hosts find the device and get its events.
  std::vector<IpPrefix> networks{};
  /// A host maps ports to itself only, and deletes its own mappings only.
  bool own_address_only = true;
  /// IGD:2's longest; a lease of 0 seconds ("as long as possible") is this one.
  Duration max_lease = std::chrono::hours(24 * 7);
};

}  // namespace stile::nat::upnp
