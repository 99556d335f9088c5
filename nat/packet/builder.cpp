#include "nat/packet/builder.hpp"

#include <algorithm>

#include "nat/packet/checksum.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat {

namespace {

void store_checksum(ByteVector& segment, std::size_t offset, std::uint16_t checksum) {
  store_u16(segment.data() + offset, checksum);
}

}  // namespace

ByteVector make_ipv4(IpAddress source, IpAddress destination, std::uint8_t protocol, Bytes payload,
                     const Ipv4Fields& fields) {
  const std::size_t header = Ipv4View::min_header + fields.options.size();
  ByteVector packet(header + payload.size());
  packet[0] = static_cast<std::uint8_t>(0x40 | header / 4);
  packet[1] = fields.tos;
  store_u16(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  store_u16(packet.data() + 4, fields.identification);
  packet[6] = fields.dont_fragment ? 0x40 : 0;
  packet[8] = fields.ttl;
  packet[9] = protocol;
  store_u32(packet.data() + 12, source.v4_bits());
  store_u32(packet.data() + 16, destination.v4_bits());
  std::ranges::copy(fields.options, packet.begin() + Ipv4View::min_header);
  store_u16(packet.data() + 10, internet_checksum(Bytes(packet).first(header)));
  std::ranges::copy(payload, packet.begin() + static_cast<std::ptrdiff_t>(header));
  return packet;
}

ByteVector make_udp(const TransportAddress& source, const TransportAddress& destination,
                    Bytes payload, const Ipv4Fields& fields) {
  ByteVector datagram(UdpView::header_length + payload.size());
  store_u16(datagram.data(), source.port);
  store_u16(datagram.data() + 2, destination.port);
  store_u16(datagram.data() + 4, static_cast<std::uint16_t>(datagram.size()));
  std::ranges::copy(payload, datagram.begin() + UdpView::header_length);
  const std::uint16_t checksum =
      transport_checksum(source.ip.v4_bits(), destination.ip.v4_bits(), ip_protocol::udp, datagram);
  // RFC 768: a checksum that comes out as zero is sent as all ones, since zero means none.
  store_checksum(datagram, 6, checksum == 0 ? 0xffff : checksum);
  return make_ipv4(source.ip, destination.ip, ip_protocol::udp, datagram, fields);
}

ByteVector make_tcp(const TransportAddress& source, const TransportAddress& destination,
                    std::uint8_t flags, Bytes payload, const TcpFields& tcp,
                    const Ipv4Fields& fields) {
  const std::size_t header = TcpView::min_header + tcp.options.size();
  ByteVector segment(header + payload.size());
  store_u16(segment.data(), source.port);
  store_u16(segment.data() + 2, destination.port);
  store_u32(segment.data() + 4, tcp.sequence);
  store_u32(segment.data() + 8, tcp.acknowledgment);
  segment[12] = static_cast<std::uint8_t>(header / 4 << 4);
  segment[13] = flags;
  store_u16(segment.data() + 14, tcp.window);
  std::ranges::copy(tcp.options, segment.begin() + TcpView::min_header);
  std::ranges::copy(payload, segment.begin() + static_cast<std::ptrdiff_t>(header));
  store_checksum(
      segment, 16,
      transport_checksum(source.ip.v4_bits(), destination.ip.v4_bits(), ip_protocol::tcp, segment));
  return make_ipv4(source.ip, destination.ip, ip_protocol::tcp, segment, fields);
}

ByteVector make_icmp_echo(IpAddress source, IpAddress destination, std::uint8_t type,
                          std::uint16_t identifier, std::uint16_t sequence, Bytes payload,
                          const Ipv4Fields& fields) {
  ByteVector message(IcmpView::header_length + payload.size());
  message[0] = type;
  store_u16(message.data() + 4, identifier);
  store_u16(message.data() + 6, sequence);
  std::ranges::copy(payload, message.begin() + IcmpView::header_length);
  store_checksum(message, 2, internet_checksum(message));
  return make_ipv4(source, destination, ip_protocol::icmp, message, fields);
}

ByteVector make_icmp_error(IpAddress source, IpAddress destination, std::uint8_t type,
                           std::uint8_t code, std::uint32_t rest, Bytes datagram,
                           const Ipv4Fields& fields) {
  constexpr std::size_t longest = 576;
  const std::size_t headers =
      Ipv4View::min_header + fields.options.size() + IcmpView::header_length;
  const Bytes quote = datagram.first(std::min(datagram.size(), longest - headers));
  ByteVector message(IcmpView::header_length + quote.size());
  message[0] = type;
  message[1] = code;
  store_u32(message.data() + 4, rest);
  std::ranges::copy(quote, message.begin() + IcmpView::header_length);
  store_checksum(message, 2, internet_checksum(message));
  return make_ipv4(source, destination, ip_protocol::icmp, message, fields);
}

}  // namespace stile::nat
