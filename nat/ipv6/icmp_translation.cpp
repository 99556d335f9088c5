#include "nat/ipv6/icmp_translation.hpp"

#include <algorithm>
#include <array>

#include "nat/packet/icmp.hpp"

namespace stile::nat {

namespace {

constexpr std::uint32_t header_difference = 20;  ///< of IPv6's length and IPv4's
constexpr std::uint32_t smallest_ipv6_mtu = 1280;
constexpr std::uint32_t next_header_pointer = 6;

/// RFC 7915, Figure 3.
std::optional<std::uint32_t> pointer_to_ipv6(std::uint32_t pointer) {
  switch (pointer) {
    case 0:
    case 1:
      return pointer;
    case 2:
    case 3:
      return 4;
    case 8:
      return 7;
    case 9:
      return next_header_pointer;
    default:
      if (pointer >= 12 && pointer < 16) return 8;
      if (pointer >= 16 && pointer < 20) return 24;
      return std::nullopt;
  }
}

/// RFC 7915, Figure 6.
std::optional<std::uint32_t> pointer_to_ipv4(std::uint32_t pointer) {
  switch (pointer) {
    case 0:
    case 1:
      return pointer;
    case 4:
    case 5:
      return 2;
    case 6:
      return 9;
    case 7:
      return 8;
    default:
      if (pointer >= 8 && pointer < 24) return 12;
      if (pointer >= 24 && pointer < 40) return 16;
      return std::nullopt;
  }
}

/// RFC 1191 §7.1, those that an IPv6 link may have: the greatest below the length in question.
std::uint32_t plateau_below(std::size_t length) {
  constexpr std::array<std::uint32_t, 8> plateaus{65535, 32000, 17914, 8166,
                                                  4352,  2002,  1492,  smallest_ipv6_mtu};
  const auto found =
      std::ranges::find_if(plateaus, [length](std::uint32_t plateau) { return plateau < length; });
  return found == plateaus.end() ? smallest_ipv6_mtu : *found;
}

std::uint32_t mtu_to_ipv6(std::uint32_t rest, const LinkMtus& mtus, std::size_t quoted_length) {
  const std::uint32_t named = rest & 0xffff;
  const std::uint32_t mtu = named == 0 ? plateau_below(quoted_length) : named + header_difference;
  return std::max(smallest_ipv6_mtu,
                  std::min({mtu, std::uint32_t{mtus.ipv6}, mtus.ipv4 + header_difference}));
}

std::optional<IcmpHead> unreachable_to_ipv6(const IcmpHead& head, const LinkMtus& mtus,
                                            std::size_t quoted_length) {
  constexpr std::uint8_t no_route = 0;
  constexpr std::uint8_t prohibited = 1;
  constexpr std::uint8_t port = 4;
  switch (head.code) {
    case 2:
      return IcmpHead{icmpv6_type::parameter_problem, 1, next_header_pointer};
    case 3:
      return IcmpHead{icmpv6_type::destination_unreachable, port, 0};
    case 4:
      return IcmpHead{icmpv6_type::packet_too_big, 0, mtu_to_ipv6(head.rest, mtus, quoted_length)};
    case 9:
    case 10:
    case 13:
    case 15:
      return IcmpHead{icmpv6_type::destination_unreachable, prohibited, 0};
    case 0:
    case 1:
    case 5:
    case 6:
    case 7:
    case 8:
    case 11:
    case 12:
      return IcmpHead{icmpv6_type::destination_unreachable, no_route, 0};
    default:
      return std::nullopt;
  }
}

std::optional<IcmpHead> unreachable_to_ipv4(std::uint8_t code) {
  constexpr std::uint8_t host_prohibited = 10;
  switch (code) {
    case 0:
    case 2:
    case 3:
      return IcmpHead{icmp_type::destination_unreachable, unreachable_code::host, 0};
    case 1:
      return IcmpHead{icmp_type::destination_unreachable, host_prohibited, 0};
    case 4:
      return IcmpHead{icmp_type::destination_unreachable, unreachable_code::port, 0};
    default:
      return std::nullopt;
  }
}

IcmpHead too_big_to_ipv4(std::uint32_t mtu, const LinkMtus& mtus, std::size_t extra) {
  const auto less = static_cast<std::uint32_t>(header_difference + extra);
  const std::uint32_t named = mtu > less ? mtu - less : 0;
  return {icmp_type::destination_unreachable, unreachable_code::fragmentation_needed,
          std::min({named, std::uint32_t{mtus.ipv4}, mtus.ipv6 - header_difference})};
}

}  // namespace

std::optional<IcmpHead> icmp_to_ipv6(const IcmpHead& head, const LinkMtus& mtus,
                                     std::size_t quoted_length) {
  switch (head.type) {
    case icmp_type::echo:
      return IcmpHead{icmpv6_type::echo_request, 0, head.rest};
    case icmp_type::echo_reply:
      return IcmpHead{icmpv6_type::echo_reply, 0, head.rest};
    case icmp_type::destination_unreachable:
      return unreachable_to_ipv6(head, mtus, quoted_length);
    case icmp_type::time_exceeded:
      return IcmpHead{icmpv6_type::time_exceeded, head.code, 0};
    case icmp_type::parameter_problem: {
      const auto pointer = pointer_to_ipv6(head.rest >> 24);
      if ((head.code != 0 && head.code != 2) || !pointer) return std::nullopt;
      return IcmpHead{icmpv6_type::parameter_problem, 0, *pointer};
    }
    default:
      return std::nullopt;
  }
}

std::optional<IcmpHead> icmp_to_ipv4(const IcmpHead& head, const LinkMtus& mtus,
                                     std::size_t extra) {
  constexpr std::uint8_t protocol_unreachable = 2;
  switch (head.type) {
    case icmpv6_type::echo_request:
      return IcmpHead{icmp_type::echo, 0, head.rest};
    case icmpv6_type::echo_reply:
      return IcmpHead{icmp_type::echo_reply, 0, head.rest};
    case icmpv6_type::destination_unreachable:
      return unreachable_to_ipv4(head.code);
    case icmpv6_type::packet_too_big:
      return too_big_to_ipv4(head.rest, mtus, extra);
    case icmpv6_type::time_exceeded:
      return IcmpHead{icmp_type::time_exceeded, head.code, 0};
    case icmpv6_type::parameter_problem: {
      if (head.code == 1)
        return IcmpHead{icmp_type::destination_unreachable, protocol_unreachable, 0};
      const auto pointer = pointer_to_ipv4(head.rest);
      if (head.code != 0 || !pointer) return std::nullopt;
      return IcmpHead{icmp_type::parameter_problem, 0, *pointer << 24};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace stile::nat
