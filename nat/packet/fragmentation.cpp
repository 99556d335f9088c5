#include "nat/packet/fragmentation.hpp"

#include <algorithm>

#include "nat/packet/builder.hpp"
#include "stile/base/address.hpp"

namespace stile::nat {

namespace {

/// RFC 791 §3.1: only options with the copied flag are repeated in the fragments after the first.
ByteVector copied_options(Bytes options) {
  constexpr std::uint8_t end = 0;
  constexpr std::uint8_t no_operation = 1;
  constexpr std::uint8_t copied = 0x80;
  ByteVector kept;
  std::size_t i = 0;
  while (i < options.size() && options[i] != end) {
    if (options[i] == no_operation) {
      ++i;
      continue;
    }
    if (i + 1 >= options.size()) break;
    const std::size_t length = options[i + 1];
    if (length < 2 || i + length > options.size()) break;
    const Bytes option = options.subspan(i, length);
    if ((option[0] & copied) != 0) kept.insert(kept.end(), option.begin(), option.end());
    i += length;
  }
  kept.resize((kept.size() + 3) / 4 * 4, end);
  return kept;
}

ByteVector make_fragment(const Ipv4Packet& packet, Bytes options, Bytes payload, std::size_t offset,
                         bool more) {
  const Ipv4Fields fields{.ttl = packet.ttl(),
                          .tos = packet.tos(),
                          .identification = packet.identification(),
                          .dont_fragment = packet.dont_fragment(),
                          .options = options};
  ByteVector made = make_ipv4(IpAddress::v4(packet.source()), IpAddress::v4(packet.destination()),
                              packet.protocol(), payload, fields);
  Ipv4Packet::parse(made)->set_fragment(offset, more);
  return made;
}

constexpr std::size_t whole_units(std::size_t bytes) {
  return bytes / 8 * 8;
}

}  // namespace

Fragmented fragment(const Ipv4Packet& packet, std::size_t mtu) {
  if (packet.total_length() <= mtu) return {packet.bytes(), {}};
  Fragmented fragments;
  const Bytes payload = packet.payload();
  const ByteVector options = copied_options(packet.options());
  const std::size_t first = whole_units(mtu - packet.header_length());
  const std::size_t later = whole_units(mtu - Ipv4Packet::min_header - options.size());
  for (std::size_t at = first; at < payload.size(); at += later) {
    const Bytes part = payload.subspan(at, std::min(later, payload.size() - at));
    const bool more = at + part.size() < payload.size() || packet.more_fragments();
    fragments.rest.push_back(
        make_fragment(packet, options, part, packet.fragment_offset() + at, more));
  }
  packet.set_fragment(packet.fragment_offset(), true);
  packet.set_total_length(static_cast<std::uint16_t>(packet.header_length() + first));
  fragments.first = packet.bytes().first(packet.total_length());
  return fragments;
}

}  // namespace stile::nat
