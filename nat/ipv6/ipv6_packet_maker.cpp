#include "nat/ipv6/ipv6_packet_maker.hpp"

#include <algorithm>

#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat {

namespace {

constexpr std::size_t fragment_header_length = 8;
constexpr std::size_t icmp_header_length = 8;

/// RFC 8200 §4.5
void store_fragment_header(std::uint8_t* at, std::uint8_t protocol,
                           const Ipv6FragmentHeader& fragment) {
  at[0] = protocol;
  store_u16(at + 2, static_cast<std::uint16_t>(fragment.offset | (fragment.more ? 1u : 0u)));
  store_u32(at + 4, fragment.identification);
}

ByteVector make_message(const IcmpHead& head, Bytes data) {
  ByteVector message(icmp_header_length + data.size());
  message[0] = head.type;
  message[1] = head.code;
  store_u32(message.data() + 4, head.rest);
  std::ranges::copy(data, message.begin() + icmp_header_length);
  return message;
}

/// RFC 4884 §4: at least 128 bytes stand before extensions. `unit` is that of the length field,
/// which is at byte `length_at` of the message.
ByteVector make_message(const IcmpHead& head, Bytes data, Bytes extensions, std::size_t unit,
                        std::size_t length_at) {
  if (extensions.empty()) return make_message(head, data);
  constexpr std::size_t smallest = 128;
  ByteVector padded = copy_of(data);
  padded.resize(std::max(smallest, (data.size() + unit - 1) / unit * unit));
  const std::size_t length = padded.size() / unit;
  padded.insert(padded.end(), extensions.begin(), extensions.end());
  ByteVector message = make_message(head, padded);
  message[length_at] = static_cast<std::uint8_t>(length);
  return message;
}

}  // namespace

ByteVector make_ipv6_quote(const Ipv6Fields& fields, Bytes payload, std::size_t whole) {
  const std::size_t extra = fields.fragment ? fragment_header_length : 0;
  ByteVector packet(Ipv6View::header_length + extra + payload.size());
  store_u32(packet.data(), 6u << 28 | std::uint32_t{fields.traffic_class} << 20);
  store_u16(packet.data() + 4, static_cast<std::uint16_t>(extra + whole));
  packet[6] = fields.fragment ? ipv6_header::fragment : fields.protocol;
  packet[7] = fields.hop_limit;
  std::ranges::copy(fields.source.v6_bytes(), packet.begin() + 8);
  std::ranges::copy(fields.destination.v6_bytes(), packet.begin() + 24);
  if (fields.fragment)
    store_fragment_header(packet.data() + Ipv6View::header_length, fields.protocol,
                          *fields.fragment);
  std::ranges::copy(payload, packet.end() - static_cast<std::ptrdiff_t>(payload.size()));
  return packet;
}

ByteVector make_ipv6(const Ipv6Fields& fields, Bytes payload) {
  return make_ipv6_quote(fields, payload, payload.size());
}

std::vector<ByteVector> make_ipv6_pieces(const Ipv6Fields& fields, Bytes payload, std::size_t mtu,
                                         std::uint32_t identification) {
  const std::size_t headers = Ipv6View::header_length + fragment_header_length;
  const std::size_t extra = fields.fragment ? fragment_header_length : 0;
  if (Ipv6View::header_length + extra + payload.size() <= mtu) return {make_ipv6(fields, payload)};
  const Ipv6FragmentHeader whole =
      fields.fragment.value_or(Ipv6FragmentHeader{0, false, identification});
  const std::size_t room = (mtu - headers) / 8 * 8;
  std::vector<ByteVector> pieces;
  for (std::size_t at = 0; at < payload.size(); at += room) {
    const Bytes part = payload.subspan(at, std::min(room, payload.size() - at));
    Ipv6Fields piece = fields;
    piece.fragment = Ipv6FragmentHeader{
        whole.offset + at, at + part.size() < payload.size() || whole.more, whole.identification};
    pieces.push_back(make_ipv6(piece, part));
  }
  return pieces;
}

ByteVector make_icmpv6_message(const IcmpHead& head, Bytes data, Bytes extensions) {
  return make_message(head, data, extensions, 8, 4);
}

ByteVector make_icmpv4_message(const IcmpHead& head, Bytes data, Bytes extensions) {
  ByteVector message = make_message(head, data, extensions, 4, 5);
  store_u16(message.data() + 2, internet_checksum(message));
  return message;
}

ByteVector make_icmpv6_error(const IpAddress& source, const IpAddress& destination,
                             const IcmpHead& head, Bytes packet) {
  constexpr std::size_t longest = 1280 - Ipv6View::header_length - icmp_header_length;
  ByteVector message =
      make_icmpv6_message(head, packet.first(std::min(packet.size(), longest)), {});
  store_icmpv6_or_udp_checksum(source, destination, ipv6_header::icmpv6, message, 2);
  return make_ipv6({source, destination, ipv6_header::icmpv6, 64, 0, std::nullopt}, message);
}

void store_icmpv6_or_udp_checksum(const IpAddress& source, const IpAddress& destination,
                                  std::uint8_t protocol, ByteVector& segment, std::size_t at) {
  store_u16(segment.data() + at, 0);
  const std::uint16_t checksum = transport_checksum(source, destination, protocol, segment);
  store_u16(segment.data() + at, checksum == 0 ? 0xffff : checksum);
}

ByteVector make_udp6(const TransportAddress& source, const TransportAddress& destination,
                     Bytes payload, std::uint8_t hop_limit) {
  ByteVector datagram(UdpView::header_length + payload.size());
  store_u16(datagram.data(), source.port);
  store_u16(datagram.data() + 2, destination.port);
  store_u16(datagram.data() + 4, static_cast<std::uint16_t>(datagram.size()));
  std::ranges::copy(payload, datagram.begin() + UdpView::header_length);
  store_icmpv6_or_udp_checksum(source.ip, destination.ip, ip_protocol::udp, datagram, 6);
  return make_ipv6({source.ip, destination.ip, ip_protocol::udp, hop_limit, 0, std::nullopt},
                   datagram);
}

ByteVector make_tcp6(const TransportAddress& source, const TransportAddress& destination,
                     std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment,
                     Bytes payload) {
  ByteVector segment(TcpView::min_header + payload.size());
  store_u16(segment.data(), source.port);
  store_u16(segment.data() + 2, destination.port);
  store_u32(segment.data() + 4, sequence);
  store_u32(segment.data() + 8, acknowledgment);
  segment[12] = TcpView::min_header / 4 << 4;
  segment[13] = flags;
  store_u16(segment.data() + 14, 65535);
  std::ranges::copy(payload, segment.begin() + TcpView::min_header);
  store_u16(segment.data() + 16,
            transport_checksum(source.ip, destination.ip, ip_protocol::tcp, segment));
  return make_ipv6({source.ip, destination.ip, ip_protocol::tcp, 64, 0, std::nullopt}, segment);
}

ByteVector make_echo6(const IpAddress& source, const IpAddress& destination, std::uint8_t type,
                      std::uint16_t identifier, Bytes payload) {
  ByteVector message =
      make_icmpv6_message({type, 0, std::uint32_t{identifier} << 16 | 1}, payload, {});
  store_icmpv6_or_udp_checksum(source, destination, ipv6_header::icmpv6, message, 2);
  return make_ipv6({source, destination, ipv6_header::icmpv6, 64, 0, std::nullopt}, message);
}

}  // namespace stile::nat
