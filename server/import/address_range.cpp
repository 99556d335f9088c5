#include "server/import/address_range.hpp"

#include <algorithm>

namespace stile::server {

namespace {

/// An address's 128 bits; those of IPv4 in its mapped form.
__extension__ using Bits = unsigned __int128;

Bits bits_of(const IpAddress& address) {
  Bits bits = 0;
  for (const std::uint8_t byte : address.v6_bytes()) bits = bits << 8 | byte;
  return bits;
}

IpAddress address_of(Bits bits) {
  std::array<std::uint8_t, 16> bytes;
  for (std::size_t i = bytes.size(); i-- > 0; bits >>= 8)
    bytes[i] = static_cast<std::uint8_t>(bits);
  return IpAddress::v6(bytes);
}

constexpr unsigned width(Family family) {
  return family == Family::ipv4 ? 32 : 128;
}

/// The last address of the block of 2^free_bits addresses that begins with `first`.
Bits last_of_block(Bits first, unsigned free_bits) {
  return free_bits == 128 ? ~Bits{0} : first + ((Bits{1} << free_bits) - 1);
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  if (text.contains('/')) {
    const auto block = IpPrefix::parse(text);
    if (!block) return std::nullopt;
    const unsigned free_bits = width(block->address().family()) - block->length();
    return AddressRange{block->address(),
                        address_of(last_of_block(bits_of(block->address()), free_bits))};
  }
  const std::size_t dash = text.find('-');
  const auto first = IpAddress::parse(text.substr(0, dash));
  const auto last = dash == text.npos ? first : IpAddress::parse(text.substr(dash + 1));
  if (!first || !last || first->family() != last->family() || *last < *first) return std::nullopt;
  return AddressRange{*first, *last};
}

std::vector<AddressRange> without(std::vector<AddressRange> ranges,
                                  const std::vector<AddressRange>& holes) {
  for (const AddressRange& hole : holes) {
    std::vector<AddressRange> left;
    for (const AddressRange& range : ranges) {
      const bool apart = hole.last < range.first || range.last < hole.first;
      if (apart || hole.first.family() != range.first.family()) {
        left.push_back(range);
        continue;
      }
      if (range.first < hole.first)
        left.push_back({range.first, address_of(bits_of(hole.first) - 1)});
      if (hole.last < range.last) left.push_back({address_of(bits_of(hole.last) + 1), range.last});
    }
    ranges = std::move(left);
  }
  return ranges;
}

std::vector<IpPrefix> blocks_of(const AddressRange& range) {
  const unsigned bits = width(range.first.family());
  const Bits last = bits_of(range.last);
  std::vector<IpPrefix> blocks;
  for (Bits first = bits_of(range.first);;) {
    unsigned free_bits = 0;
    while (free_bits < bits && (first >> free_bits & 1) == 0 &&
           last_of_block(first, free_bits + 1) <= last)
      ++free_bits;
    const IpAddress address = address_of(first);
    blocks.emplace_back(address, width(address.family()) - free_bits);
    const Bits end = last_of_block(first, free_bits);
    if (end == last) return blocks;
    first = end + 1;
  }
}

}  // namespace stile::server
