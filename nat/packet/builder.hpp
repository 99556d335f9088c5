#pragma once

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat {

/// What of the IPv4 header the makers below let one choose.
struct Ipv4Fields {
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  std::uint16_t identification = 0;
  bool dont_fragment = false;
  Bytes options = {};  ///< a multiple of 4 bytes, at most 40
};

struct TcpFields {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint16_t window = 65535;
  Bytes options = {};  ///< a multiple of 4 bytes, at most 40
};

// Whole packets from the IPv4 header on, with right checksums. Addresses are IPv4; a payload fits a
// packet.
ByteVector make_ipv4(IpAddress source, IpAddress destination, std::uint8_t protocol, Bytes payload,
                     const Ipv4Fields& fields = {});
ByteVector make_udp(const TransportAddress& source, const TransportAddress& destination,
                    Bytes payload, const Ipv4Fields& fields = {});
/// `flags` as in tcp_flag.
ByteVector make_tcp(const TransportAddress& source, const TransportAddress& destination,
                    std::uint8_t flags, Bytes payload = {}, const TcpFields& tcp = {},
                    const Ipv4Fields& fields = {});
/// `type`: icmp_type::echo or icmp_type::echo_reply.
ByteVector make_icmp_echo(IpAddress source, IpAddress destination, std::uint8_t type,
                          std::uint16_t identifier, std::uint16_t sequence, Bytes payload = {},
                          const Ipv4Fields& fields = {});
/// Quotes as much of `datagram` as RFC 1812 §4.3.2.3 allows (576 bytes in all). `rest` is the
/// second word of the ICMP header, such as the next-hop MTU of 3/4.
ByteVector make_icmp_error(IpAddress source, IpAddress destination, std::uint8_t type,
                           std::uint8_t code, std::uint32_t rest, Bytes datagram,
                           const Ipv4Fields& fields = {});

}  // namespace stile::nat
