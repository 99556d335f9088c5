#pragma once

#include "nat/packet/checksum.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat {

/// What a transport checksum changes by when both addresses of its pseudo header become those of
/// the other family. Lengths and the protocol's number add up to the same in both (RFC 768, RFC
/// 8200 §8.1), ICMP's excepted, whose IPv4 form has no pseudo header.
struct IpEnds {
  std::uint32_t source4 = 0;
  std::uint32_t destination4 = 0;
  IpAddress source6;
  IpAddress destination6;
};
ChecksumChange change_to_ipv6(const IpEnds& ends);
ChecksumChange change_to_ipv4(const IpEnds& ends);

/// Mends the checksum of UDP, UDP-Lite, DCCP and TCP where it is there; `transport` may be cut
/// short. An absent UDP checksum stays absent.
void mend_transport_checksum(std::uint8_t protocol, MutableBytes transport,
                             const ChecksumChange& change);

}  // namespace stile::nat
