#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::nat {

/// The IPv4 ones of some prefixes, to be asked with each packet.
class Ipv4Networks {
 public:
  explicit Ipv4Networks(const std::vector<IpPrefix>& prefixes) {
    for (const IpPrefix& prefix : prefixes)
      if (prefix.address().is_v4())
        networks_.push_back({prefix.address().v4_bits(), mask_of(prefix.length())});
  }

  bool contains(std::uint32_t address) const {
    return std::ranges::any_of(networks_, [&](const Network& network) {
      return (address & network.mask) == network.address;
    });
  }

 private:
  struct Network {
    std::uint32_t address = 0;
    std::uint32_t mask = 0;
  };
  static std::uint32_t mask_of(unsigned length) {
    return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
  }

  std::vector<Network> networks_;
};

}  // namespace stile::nat
