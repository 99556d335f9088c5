#include "nat/ipv6/neighbour_discovery.hpp"

#include <algorithm>

#include "nat/packet/ipv6.hpp"

namespace stile::nat {

namespace {

// RFC 4861 §4.3 and §4.4, behind the headers of Ethernet and IPv6:
//
//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//    |  Type 135/136 |    Code (0)   |          Checksum             |
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//    |R|S|O|                     Reserved                            |
//    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//    |                  Target Address (16 bytes), options           |
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::size_t ethernet_header = 14;
constexpr std::size_t message_size = 24;
constexpr std::size_t option_size = 8;
constexpr std::uint8_t target_link_address = 2;
constexpr std::uint8_t router_and_solicited = 0xc0;
constexpr std::uint8_t hop_limit = 255;  // §7.1.1: from this link

std::optional<Ipv6View> packet_of(Bytes frame) {
  if (frame.size() < ethernet_header) return std::nullopt;
  return Ipv6View::parse(frame.subspan(ethernet_header));
}

}  // namespace

std::optional<IpAddress> solicited_target(Bytes frame) {
  const auto packet = packet_of(frame);
  if (!packet || packet->next_header() != ipv6_header::icmpv6 || packet->hop_limit() != hop_limit ||
      packet->payload().size() < message_size)
    return std::nullopt;
  const Bytes message = packet->payload();
  // Somebody who asks from nowhere looks for another with his address (RFC 4862 §5.4).
  if (message[0] != neighbour_discovery::solicitation || message[1] != 0 ||
      packet->source().is_unspecified() ||
      transport_checksum(packet->source(), packet->destination(), ipv6_header::icmpv6, message) !=
          0)
    return std::nullopt;
  return IpAddress::from_bytes(message.subspan(8, 16));
}

ByteVector neighbour_advertisement(Bytes asked, const std::array<std::uint8_t, 6>& own) {
  const Ipv6View packet = *packet_of(asked);
  constexpr std::size_t payload = message_size + option_size;
  ByteVector frame(ethernet_header + Ipv6View::header_length + payload);
  std::ranges::copy(asked.subspan(6, 6), frame.begin());
  std::ranges::copy(own, frame.begin() + 6);
  store_u16(frame.data() + 12, ethertype_ipv6);

  std::uint8_t* header = frame.data() + ethernet_header;
  header[0] = 0x60;
  store_u16(header + 4, payload);
  header[6] = ipv6_header::icmpv6;
  header[7] = hop_limit;
  const Bytes target = packet.payload().subspan(8, 16);
  std::ranges::copy(target, header + 8);
  std::ranges::copy(packet.source().v6_bytes(), header + 24);

  std::uint8_t* message = header + Ipv6View::header_length;
  message[0] = neighbour_discovery::advertisement;
  message[4] = router_and_solicited;
  std::ranges::copy(target, message + 8);
  message[message_size] = target_link_address;
  message[message_size + 1] = 1;
  std::ranges::copy(own, message + message_size + 2);
  const auto made = *Ipv6View::parse(Bytes(frame).subspan(ethernet_header));
  store_u16(message + 2, transport_checksum(made.source(), made.destination(), ipv6_header::icmpv6,
                                            made.payload()));
  return frame;
}

}  // namespace stile::nat
