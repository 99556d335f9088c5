#pragma once

#include <cstdint>
#include <optional>

namespace stile::nat {

namespace icmpv6_type {
inline constexpr std::uint8_t destination_unreachable = 1;
inline constexpr std::uint8_t packet_too_big = 2;
inline constexpr std::uint8_t time_exceeded = 3;
inline constexpr std::uint8_t parameter_problem = 4;
inline constexpr std::uint8_t echo_request = 128;
inline constexpr std::uint8_t echo_reply = 129;
}  // namespace icmpv6_type

constexpr bool is_icmpv6_error(std::uint8_t type) {
  return type < 128;
}

/// The first 8 bytes of an ICMP message without the checksum. `rest` is the second word: identifier
/// and sequence, pointer, MTU.
struct IcmpHead {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;
  friend constexpr bool operator==(const IcmpHead&, const IcmpHead&) = default;
};

/// The links on the two sides of a translator, in bytes.
struct LinkMtus {
  std::uint16_t ipv4 = 1500;
  std::uint16_t ipv6 = 1500;
};

/// RFC 7915 §4.2. `quoted_length` is the Total Length of the packet in error, for routers that name
/// no MTU. Nothing for what is dropped.
std::optional<IcmpHead> icmp_to_ipv6(const IcmpHead& head, const LinkMtus& mtus,
                                     std::size_t quoted_length);

/// RFC 7915 §5.2. `extra` is the length of a Fragment header in the packet in error, or 0.
std::optional<IcmpHead> icmp_to_ipv4(const IcmpHead& head, const LinkMtus& mtus, std::size_t extra);

}  // namespace stile::nat
