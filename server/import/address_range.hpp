#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::server {

/// Addresses of one family from the first to the last, both included.
struct AddressRange {
  IpAddress first;
  IpAddress last;

  /// `192.0.2.1`, `192.0.2.1-192.0.2.9`, `192.0.2.0/24`.
  static std::optional<AddressRange> parse(std::string_view text);
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

/// What of `ranges` lies in none of `holes`.
std::vector<AddressRange> without(std::vector<AddressRange> ranges,
                                  const std::vector<AddressRange>& holes);

/// The fewest blocks that are exactly the range, in order.
std::vector<IpPrefix> blocks_of(const AddressRange& range);

}  // namespace stile::server
