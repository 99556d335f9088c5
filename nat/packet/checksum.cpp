#include "nat/packet/checksum.hpp"

#include <bit>
#include <cstring>

namespace stile::nat {

namespace {

std::uint16_t folded(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

template <class Word>
Word load(const std::uint8_t* at, std::size_t size = sizeof(Word)) {
  Word word = 0;
  std::memcpy(&word, at, size);
  return word;
}

}  // namespace

// RFC 1071 §2(B): words are added as this machine has them, and the sum is put in network order.
std::uint16_t ones_sum(Bytes bytes, std::uint32_t sum) {
  std::uint64_t wide = 0;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) wide += load<std::uint32_t>(bytes.data() + i);
  for (; i + 2 <= bytes.size(); i += 2) wide += load<std::uint16_t>(bytes.data() + i);
  if (i < bytes.size()) wide += load<std::uint16_t>(bytes.data() + i, 1);
  const std::uint16_t native = folded(wide);
  const bool is_little = std::endian::native == std::endian::little;
  return folded(std::uint64_t{sum} + (is_little ? std::byteswap(native) : native));
}

std::uint16_t pseudo_header_sum(Bytes packet, std::uint8_t protocol, std::size_t length) {
  const Bytes addresses = packet[0] >> 4 == 4 ? packet.subspan(12, 8) : packet.subspan(8, 32);
  return ones_sum(addresses, static_cast<std::uint32_t>(protocol + length));
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
