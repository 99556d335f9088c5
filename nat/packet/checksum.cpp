#include "nat/packet/checksum.hpp"

namespace stile::nat {

std::uint16_t ones_sum(Bytes bytes, std::uint32_t sum) {
  std::uint64_t wide = sum;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) wide += load_u32(bytes.data() + i);
  if (i + 2 <= bytes.size()) {
    wide += load_u16(bytes.data() + i);
    i += 2;
  }
  if (i < bytes.size()) wide += std::uint64_t{bytes[i]} << 8;
  while (wide >> 16 != 0) wide = (wide & 0xffff) + (wide >> 16);
  return static_cast<std::uint16_t>(wide);
}

std::uint16_t internet_checksum(Bytes bytes) {
  return static_cast<std::uint16_t>(~ones_sum(bytes));
}

std::uint16_t transport_checksum(std::uint32_t source, std::uint32_t destination,
                                 std::uint8_t protocol, Bytes segment) {
  const std::uint32_t pseudo_header = (source >> 16) + (source & 0xffff) + (destination >> 16) +
                                      (destination & 0xffff) + protocol +
                                      static_cast<std::uint32_t>(segment.size());
  return static_cast<std::uint16_t>(~ones_sum(segment, pseudo_header));
}

}  // namespace stile::nat
