#include "nat/ipv6/transport_checksums.hpp"

#include "nat/packet/ipv4.hpp"

namespace stile::nat {

namespace {

constexpr std::uint8_t dccp = 33;
constexpr std::uint8_t udp_lite = 136;

/// Adds the words of an IPv6 address, or takes them away.
void count_address(ChecksumChange& change, const IpAddress& address, bool add) {
  const auto& bytes = address.v6_bytes();
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const std::uint16_t word = load_u16(bytes.data() + i);
    add ? change.replace_u16(0, word) : change.replace_u16(word, 0);
  }
}

}  // namespace

ChecksumChange change_to_ipv6(const IpEnds& ends) {
  ChecksumChange change;
  change.replace_u32(ends.source4, 0);
  change.replace_u32(ends.destination4, 0);
  count_address(change, ends.source6, true);
  count_address(change, ends.destination6, true);
  return change;
}

ChecksumChange change_to_ipv4(const IpEnds& ends) {
  ChecksumChange change;
  count_address(change, ends.source6, false);
  count_address(change, ends.destination6, false);
  change.replace_u32(0, ends.source4);
  change.replace_u32(0, ends.destination4);
  return change;
}

void mend_transport_checksum(std::uint8_t protocol, MutableBytes transport,
                             const ChecksumChange& change) {
  const std::size_t at = protocol == ip_protocol::tcp ? 16 : 6;
  if (transport.size() < at + 2) return;
  std::uint8_t* field = transport.data() + at;
  switch (protocol) {
    case ip_protocol::tcp:
    case dccp:
      return store_u16(field, change.applied_to(load_u16(field)));
    case ip_protocol::udp:
    case udp_lite:
      if (load_u16(field) != 0) store_u16(field, change.nonzero_applied_to(load_u16(field)));
      return;
    default:
      return;
  }
}

}  // namespace stile::nat
