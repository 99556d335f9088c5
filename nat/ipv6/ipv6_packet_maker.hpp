#pragma once

#include <optional>
#include <vector>

#include "nat/ipv6/icmp_translation.hpp"
#include "nat/packet/ipv6.hpp"

namespace stile::nat {

/// The headers of a packet to be made.
struct Ipv6Fields {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = ipv6_header::none;
  std::uint8_t hop_limit = 64;
  std::uint8_t traffic_class = 0;
  std::optional<Ipv6FragmentHeader> fragment;
};

/// One packet; `payload` carries its checksum.
ByteVector make_ipv6(const Ipv6Fields& fields, Bytes payload);
/// As make_ipv6(), with the length that the payload had before it was cut short.
ByteVector make_ipv6_quote(const Ipv6Fields& fields, Bytes payload, std::size_t whole);
/// In pieces (RFC 8200 §4.5) of at most `mtu` bytes; a packet that fits has a Fragment header only
/// if `fields` has.
std::vector<ByteVector> make_ipv6_pieces(const Ipv6Fields& fields, Bytes payload, std::size_t mtu,
                                         std::uint32_t identification);

/// An ICMPv6 message without its checksum: RFC 4443 §2.1; with `extensions` the quote is filled up
/// to a multiple of 8 bytes and its length given (RFC 4884 §4.4).
ByteVector make_icmpv6_message(const IcmpHead& head, Bytes data, Bytes extensions);
/// Likewise of IPv4, with its checksum.
ByteVector make_icmpv4_message(const IcmpHead& head, Bytes data, Bytes extensions);
/// An ICMPv6 error about `packet`, quoted as far as 1280 bytes hold (RFC 4443 §2.4 (c)).
ByteVector make_icmpv6_error(const IpAddress& source, const IpAddress& destination,
                             const IcmpHead& head, Bytes packet);

/// Computes a checksum anew and stores it at `at`.
void store_icmpv6_or_udp_checksum(const IpAddress& source, const IpAddress& destination,
                                  std::uint8_t protocol, ByteVector& segment, std::size_t at);

// For tests and for what speaks for itself; with right checksums.
ByteVector make_udp6(const TransportAddress& source, const TransportAddress& destination,
                     Bytes payload, std::uint8_t hop_limit = 64);
ByteVector make_tcp6(const TransportAddress& source, const TransportAddress& destination,
                     std::uint8_t flags, std::uint32_t sequence = 0,
                     std::uint32_t acknowledgment = 0, Bytes payload = {});
ByteVector make_echo6(const IpAddress& source, const IpAddress& destination, std::uint8_t type,
                      std::uint16_t identifier, Bytes payload = {});

}  // namespace stile::nat
