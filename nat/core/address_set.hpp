#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace stile::nat {

/// IPv4 addresses, asked with each packet for one that is mostly not among them: a bit for the hash
/// of each says so without a search.
class AddressSet {
 public:
  void assign(std::vector<std::uint32_t> addresses) {
    addresses_ = std::move(addresses);
    std::ranges::sort(addresses_);
    bits_ = {};
    for (const std::uint32_t address : addresses_) bits_[word_of(address)] |= bit_of(address);
  }

  bool contains(std::uint32_t address) const {
    return (bits_[word_of(address)] & bit_of(address)) != 0 &&
           std::ranges::binary_search(addresses_, address);
  }

 private:
  static std::uint32_t hash_of(std::uint32_t address) { return address * 0x9e3779b1u >> 20; }
  static std::size_t word_of(std::uint32_t address) { return hash_of(address) / 64; }
  static std::uint64_t bit_of(std::uint32_t address) {
    return std::uint64_t{1} << hash_of(address) % 64;
  }

  std::vector<std::uint32_t> addresses_;
  std::array<std::uint64_t, 64> bits_{};
};

}  // namespace stile::nat
