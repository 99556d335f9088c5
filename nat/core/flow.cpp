#include "nat/core/flow.hpp"

#include "nat/packet/udp.hpp"

namespace stile::nat {

namespace {

/// Of a packet with ports at the beginning of its transport header.
Flow flow_of(Protocol protocol, const Ipv4Packet& packet) {
  const std::uint8_t* ports = packet.payload().data();
  return {protocol,
          {packet.source(), load_u16(ports)},
          {packet.destination(), load_u16(ports + 2)},
          {}};
}

std::expected<Flow, FlowProblem> read_udp(const Ipv4Packet& packet) {
  const auto udp = UdpView::parse(packet.payload());
  if (!udp || udp->length() < UdpView::header_length)
    return std::unexpected(FlowProblem::malformed);
  if (!packet.is_fragment() && udp->length() > packet.payload().size())
    return std::unexpected(FlowProblem::malformed);
  return Flow{Protocol::udp,
              {packet.source(), udp->source_port()},
              {packet.destination(), udp->destination_port()},
              {}};
}

/// RFC 1858 §3: a first fragment that ends within the TCP header is malformed here, as its flags
/// could come later.
std::expected<Flow, FlowProblem> read_tcp(const Ipv4Packet& packet) {
  const auto tcp = TcpView::parse(packet.payload());
  if (!tcp) return std::unexpected(FlowProblem::malformed);
  return Flow{Protocol::tcp,
              {packet.source(), tcp->source_port()},
              {packet.destination(), tcp->destination_port()},
              tcp};
}

/// RFC 3828 §3.1: the coverage is of the whole datagram, or of 8 bytes and more.
std::expected<Flow, FlowProblem> read_udp_lite(const Ipv4Packet& packet) {
  const auto udp = UdpView::parse(packet.payload());
  if (!udp) return std::unexpected(FlowProblem::malformed);
  const std::uint16_t coverage = udp->length();
  const bool is_too_long = !packet.is_fragment() && coverage > packet.payload().size();
  if (is_too_long || (coverage != 0 && coverage < UdpView::header_length) || udp->checksum() == 0)
    return std::unexpected(FlowProblem::malformed);
  return flow_of(Protocol::udp_lite, packet);
}

/// RFC 4340 §5.1: the type is four bits of the ninth byte.
std::expected<Flow, FlowProblem> read_dccp(const Ipv4Packet& packet) {
  constexpr std::size_t shortest = 12;
  constexpr unsigned request = 0;
  constexpr unsigned close_request = 5;
  constexpr unsigned reset = 7;
  if (packet.payload().size() < shortest) return std::unexpected(FlowProblem::malformed);
  const unsigned type = packet.payload()[8] >> 1 & 15u;
  Flow flow = flow_of(Protocol::dccp, packet);
  if (type == request) flow.step = ConnectionStep::begins;
  if (type >= close_request && type <= reset) flow.step = ConnectionStep::ends;
  return flow;
}

/// RFC 9260 §3.2: the type of the first chunk tells.
std::expected<Flow, FlowProblem> read_sctp(const Ipv4Packet& packet) {
  constexpr std::size_t shortest = 16;
  constexpr std::uint8_t init = 1;
  constexpr std::uint8_t abort = 6;
  constexpr std::uint8_t shutdown_complete = 14;
  if (packet.payload().size() < shortest) return std::unexpected(FlowProblem::malformed);
  const std::uint8_t chunk = packet.payload()[12];
  Flow flow = flow_of(Protocol::sctp, packet);
  if (chunk == init) flow.step = ConnectionStep::begins;
  if (chunk == abort || chunk == shutdown_complete) flow.step = ConnectionStep::ends;
  return flow;
}

std::expected<Flow, FlowProblem> read_query(const Ipv4Packet& packet, Side from) {
  const auto icmp = IcmpPacket::parse(packet.payload());
  if (!icmp) return std::unexpected(FlowProblem::malformed);
  if (from == Side::inside && icmp->is_query())
    return Flow{
        Protocol::icmp, {packet.source(), icmp->identifier()}, {packet.destination(), 0}, {}};
  if (from == Side::outside && icmp->is_query_reply())
    return Flow{
        Protocol::icmp, {packet.source(), 0}, {packet.destination(), icmp->identifier()}, {}};
  return std::unexpected(FlowProblem::icmp_type);
}

std::expected<Flow, FlowProblem> read_ports(const Ipv4Packet& packet) {
  switch (packet.protocol()) {
    case ip_protocol::tcp:
      return read_tcp(packet);
    case ip_protocol::dccp:
      return read_dccp(packet);
    case ip_protocol::sctp:
      return read_sctp(packet);
    case ip_protocol::udp_lite:
      return read_udp_lite(packet);
    default:
      return read_udp(packet);
  }
}

}  // namespace

std::expected<Flow, FlowProblem> read_flow(const Ipv4Packet& packet, Side from) {
  if (packet.protocol() == ip_protocol::icmp) return read_query(packet, from);
  auto flow = read_ports(packet);
  // RFC 768 lets a sender have no port. Nothing could be answered to it, and 0 cannot be mapped.
  if (flow && (flow->source.port == 0 || flow->destination.port == 0))
    return std::unexpected(FlowProblem::malformed);
  return flow;
}

std::optional<Flow> read_quoted_flow(const Ipv4Packet& quoted) {
  constexpr std::size_t quoted_transport = 8;
  const Bytes transport = quoted.payload();
  if (quoted.fragment_offset() != 0 || transport.size() < quoted_transport) return std::nullopt;
  const std::uint16_t first = load_u16(transport.data());
  const std::uint16_t second = load_u16(transport.data() + 2);
  switch (quoted.protocol()) {
    case ip_protocol::udp:
    case ip_protocol::tcp:
    case ip_protocol::dccp:
    case ip_protocol::sctp:
    case ip_protocol::udp_lite:
      return Flow{static_cast<Protocol>(quoted.protocol()),
                  {quoted.source(), first},
                  {quoted.destination(), second},
                  {}};
    case ip_protocol::icmp: {
      const auto icmp = IcmpView::parse(transport);
      if (icmp->is_query())
        return Flow{
            Protocol::icmp, {quoted.source(), icmp->identifier()}, {quoted.destination(), 0}, {}};
      if (icmp->is_query_reply())
        return Flow{
            Protocol::icmp, {quoted.source(), 0}, {quoted.destination(), icmp->identifier()}, {}};
      return std::nullopt;
    }
    default:
      return Flow{static_cast<Protocol>(quoted.protocol()),
                  {quoted.source(), 0},
                  {quoted.destination(), 0},
                  {}};
  }
}

}  // namespace stile::nat
