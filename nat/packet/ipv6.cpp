#include "nat/packet/ipv6.hpp"

namespace stile::nat {

namespace {

constexpr std::size_t smallest_extension = 8;

bool is_stepped_over(std::uint8_t header) {
  return header == ipv6_header::hop_by_hop || header == ipv6_header::routing ||
         header == ipv6_header::fragment || header == ipv6_header::destination_options;
}

Ipv6FragmentHeader read_fragment(Bytes header) {
  const std::uint16_t word = load_u16(header.data() + 2);
  return {std::size_t{word} & 0xfff8u, (word & 1) != 0, load_u32(header.data() + 4)};
}

}  // namespace

std::optional<Ipv6Payload> find_payload(const Ipv6View& packet) {
  Ipv6Payload found{packet.next_header(), Ipv6View::header_length, {}, {}, false};
  const Bytes bytes = packet.bytes();
  while (is_stepped_over(found.protocol)) {
    // Of the fragments after the first only the Fragment header is known to be one.
    if (!found.is_first()) break;
    const Bytes header = bytes.subspan(std::min(found.at, bytes.size()));
    if (header.size() < smallest_extension) return std::nullopt;
    if (found.fragment) found.has_header_in_fragment = true;
    const bool is_fragment = found.protocol == ipv6_header::fragment;
    const std::size_t length = is_fragment ? 8 : 8 + std::size_t{header[1]} * 8;
    if (length > header.size()) return std::nullopt;
    if (is_fragment) found.fragment = read_fragment(header);
    if (found.protocol == ipv6_header::routing && header[3] > 0)
      found.segments_left_at = found.at + 3;
    found.protocol = header[0];
    found.at += length;
  }
  return found;
}

std::uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination,
                                 std::uint8_t protocol, Bytes segment) {
  std::uint32_t sum = ones_sum(source.v6_bytes());
  sum = ones_sum(destination.v6_bytes(), sum);
  sum += static_cast<std::uint32_t>(segment.size() >> 16) +
         static_cast<std::uint32_t>(segment.size() & 0xffff) + protocol;
  return static_cast<std::uint16_t>(~ones_sum(segment, sum));
}

}  // namespace stile::nat
