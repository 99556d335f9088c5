#pragma once

#include <vector>

#include "nat/packet/ipv4.hpp"

namespace stile::nat {

struct Fragmented {
  MutableBytes first;            ///< the packet, shortened where it lies
  std::vector<ByteVector> rest;  ///< in ascending order of their offsets
};

/// RFC 791 §3.2: cuts a packet, which may be a fragment itself, into fragments of at most `mtu`
/// bytes (68 or more). One that fits comes back as it is.
Fragmented fragment(const Ipv4Packet& packet, std::size_t mtu);

}  // namespace stile::nat
