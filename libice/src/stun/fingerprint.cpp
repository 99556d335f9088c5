#include "stile/stun/fingerprint.hpp"

#include <array>

namespace stile::stun {

namespace {

constexpr std::uint32_t polynomial = 0xedb88320;  ///< CRC-32, reflected

/// Slicing by four: table[k][b] is the CRC of byte b followed by k zero bytes.
constexpr auto tables = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    table[0][b] = crc;
  }
  for (std::size_t k = 1; k < 4; ++k)
    for (std::size_t b = 0; b < 256; ++b)
      table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 0xff];
  return table;
}();

}  // namespace

std::uint32_t fingerprint(Bytes before) {
  std::uint32_t crc = ~std::uint32_t{0};
  std::size_t i = 0;
  for (; i + 4 <= before.size(); i += 4) {
    crc ^= std::uint32_t{before[i]} | std::uint32_t{before[i + 1]} << 8 |
           std::uint32_t{before[i + 2]} << 16 | std::uint32_t{before[i + 3]} << 24;
    crc = tables[3][crc & 0xff] ^ tables[2][crc >> 8 & 0xff] ^ tables[1][crc >> 16 & 0xff] ^
          tables[0][crc >> 24];
  }
  for (; i < before.size(); ++i) crc = crc >> 8 ^ tables[0][(crc ^ before[i]) & 0xff];
  return ~crc ^ 0x5354554e;
}

}  // namespace stile::stun
