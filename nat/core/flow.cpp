#include "nat/core/flow.hpp"

#include "nat/packet/udp.hpp"

namespace stile::nat {

namespace {

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

}  // namespace

std::expected<Flow, FlowProblem> read_flow(const Ipv4Packet& packet, Side from) {
  if (packet.protocol() == ip_protocol::icmp) return read_query(packet, from);
  auto flow = packet.protocol() == ip_protocol::tcp ? read_tcp(packet) : read_udp(packet);
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
      return Flow{Protocol::udp, {quoted.source(), first}, {quoted.destination(), second}, {}};
    case ip_protocol::tcp:
      return Flow{Protocol::tcp, {quoted.source(), first}, {quoted.destination(), second}, {}};
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
