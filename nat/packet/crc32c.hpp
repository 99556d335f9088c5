#pragma once

#include <array>
#include <cstdint>

#include "stile/base/bytes.hpp"

namespace stile::nat {

/// RFC 9260, appendix A: the checksum of SCTP, as it stands in the packet when loaded in network
/// order.
constexpr std::uint32_t crc32c(Bytes bytes) {
  constexpr auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t entry = i;
      for (int bit = 0; bit < 8; ++bit) entry = entry >> 1 ^ ((entry & 1) != 0 ? 0x82f63b78u : 0u);
      entries[i] = entry;
    }
    return entries;
  }();
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : bytes) crc = crc >> 8 ^ table[(crc ^ byte) & 0xff];
  crc = ~crc;
  return crc << 24 | (crc << 8 & 0xff0000) | (crc >> 8 & 0xff00) | crc >> 24;
}

}  // namespace stile::nat
