#include "tests/unit/nat_ipv6/packets.hpp"

namespace stile::nat::test {

namespace {

bool is_version(Bytes packet, int version) {
  return !packet.empty() && packet[0] >> 4 == version;
}

bool is_icmp(Bytes packet) {
  return is_version(packet, 4)
             ? Ipv4View::parse_quoted(packet)->protocol() == ip_protocol::icmp
             : find_payload(*Ipv6View::parse_quoted(packet))->protocol == ipv6_header::icmpv6;
}

TransportAddress endpoint(Bytes packet, bool source) {
  const bool v4 = is_version(packet, 4);
  const auto address = [&] {
    if (v4) {
      const auto view = *Ipv4View::parse_quoted(packet);
      return IpAddress::v4(source ? view.source() : view.destination());
    }
    const auto view = *Ipv6View::parse_quoted(packet);
    return source ? view.source() : view.destination();
  }();
  const Bytes transport = transport_of(packet);
  if (transport.size() < 6) return {address, 0};
  const std::size_t where = is_icmp(packet) ? 4 : source ? 0 : 2;
  return {address, load_u16(transport.data() + where)};
}

bool transport_is_right(std::uint8_t protocol, std::uint16_t sum, Bytes transport) {
  if (protocol == ip_protocol::udp && load_u16(transport.data() + 6) == 0) return true;
  return sum == 0;
}

}  // namespace

ByteVector payload_of(std::size_t size) {
  ByteVector payload(size);
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return payload;
}

bool is_right(Bytes bytes) {
  if (is_version(bytes, 4)) {
    const auto packet = Ipv4View::parse(bytes);
    if (!packet || packet->total_length() != bytes.size() || !packet->checksum_is_right())
      return false;
    if (packet->is_fragment()) return true;
    if (packet->protocol() == ip_protocol::icmp) return internet_checksum(packet->payload()) == 0;
    if (packet->protocol() != ip_protocol::udp && packet->protocol() != ip_protocol::tcp)
      return true;
    return transport_is_right(packet->protocol(),
                              transport_checksum(packet->source(), packet->destination(),
                                                 packet->protocol(), packet->payload()),
                              packet->payload());
  }
  const auto packet = Ipv6View::parse(bytes);
  if (!packet || packet->total_length() != bytes.size()) return false;
  const auto payload = find_payload(*packet);
  if (!payload) return false;
  const std::uint8_t protocol = payload->protocol;
  if (payload->fragment || (protocol != ip_protocol::udp && protocol != ip_protocol::tcp &&
                            protocol != ipv6_header::icmpv6))
    return true;
  const Bytes transport = bytes.subspan(payload->at);
  return transport_checksum(packet->source(), packet->destination(), protocol, transport) == 0 &&
         (protocol != ip_protocol::udp || load_u16(transport.data() + 6) != 0);
}

TransportAddress source_of(Bytes packet) {
  return endpoint(packet, true);
}
TransportAddress destination_of(Bytes packet) {
  return endpoint(packet, false);
}

Bytes transport_of(Bytes packet) {
  if (is_version(packet, 4)) return Ipv4View::parse_quoted(packet)->payload();
  const auto view = *Ipv6View::parse_quoted(packet);
  return view.bytes().subspan(find_payload(view)->at);
}

std::string icmp_of(Bytes packet) {
  if (!is_icmp(packet)) return "";
  const Bytes transport = transport_of(packet);
  return std::to_string(transport[0]) + "/" + std::to_string(transport[1]);
}

ByteVector fragment6(const ByteVector& whole, std::size_t from, std::size_t length,
                     std::uint32_t identification) {
  const auto view = *Ipv6View::parse(whole);
  const Bytes payload = view.payload();
  const Ipv6FragmentHeader header{from, from + length < payload.size(), identification};
  return make_ipv6(
      {view.source(), view.destination(), view.next_header(), view.hop_limit(), 0, header},
      payload.subspan(from, std::min(length, payload.size() - from)));
}

}  // namespace stile::nat::test
