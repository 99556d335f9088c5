#pragma once

#include <cstdint>
#include <string_view>

namespace stile::nat {

/// What is translated, by its number in the IPv4 header.
enum class Protocol : std::uint8_t {
  icmp = 1,
  tcp = 6,
  udp = 17,
  dccp = 33,
  sctp = 132,
  udp_lite = 136
};

constexpr std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::icmp:
      return "icmp";
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::dccp:
      return "dccp";
    case Protocol::sctp:
      return "sctp";
    case Protocol::udp_lite:
      return "udp-lite";
  }
  return "unknown";
}

/// The NAT's two realms (RFC 2663 §2.1).
enum class Side : std::uint8_t { inside, outside };

constexpr Side other(Side side) {
  return side == Side::inside ? Side::outside : Side::inside;
}

}  // namespace stile::nat
