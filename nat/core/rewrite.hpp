#pragma once

#include "nat/core/endpoint.hpp"
#include "nat/packet/ipv4.hpp"

namespace stile::nat {

/// What a packet carries after its translation. For ICMP the ports are not used, the identifier is.
struct Rewrite {
  Endpoint source;
  Endpoint destination;
  std::uint16_t identifier = 0;
};

/// Writes addresses and ports, and mends the checksums (RFC 1624). Also for a packet quoted in an
/// ICMP error, where the transport header may be cut short: what is not there is not written. An
/// absent UDP checksum stays absent.
void rewrite(const Ipv4Packet& packet, const Rewrite& to);

/// Writes the addresses and mends both checksums; ports and identifiers stay. For a whole packet of
/// any protocol, and for each fragment of one.
void rewrite_keeping_ports(const Ipv4Packet& packet, std::uint32_t source,
                           std::uint32_t destination);

/// For the fragments after the first, which have no transport header.
void rewrite_addresses(const Ipv4Packet& packet, std::uint32_t source, std::uint32_t destination);

}  // namespace stile::nat
