#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

constexpr bool is_multicast_or_reserved(std::uint32_t address) {
  return address >> 28 >= 0xe;
}

constexpr bool has_flows(std::uint8_t protocol) {
  return protocol == ip_protocol::udp || protocol == ip_protocol::tcp ||
         protocol == ip_protocol::icmp || protocol == ip_protocol::dccp ||
         protocol == ip_protocol::sctp || protocol == ip_protocol::udp_lite;
}

/// RFC 791 §3.1: loose and strict source routing.
bool has_source_route(Bytes options) {
  constexpr std::uint8_t end = 0;
  constexpr std::uint8_t no_operation = 1;
  constexpr std::uint8_t loose = 131;
  constexpr std::uint8_t strict = 137;
  for (std::size_t i = 0; i < options.size() && options[i] != end;) {
    if (options[i] == loose || options[i] == strict) return true;
    if (options[i] != no_operation && (i + 1 >= options.size() || options[i + 1] < 2)) return false;
    i += options[i] == no_operation ? 1 : options[i + 1];
  }
  return false;
}

bool is_icmp_query(const Ipv4Packet& packet) {
  if (packet.protocol() != ip_protocol::icmp) return false;
  const auto icmp = IcmpPacket::parse(packet.payload());
  return icmp && icmp->is_query();
}

bool is_icmp_error(const Ipv4Packet& packet) {
  if (packet.protocol() != ip_protocol::icmp || packet.fragment_offset() != 0) return false;
  const auto icmp = IcmpPacket::parse(packet.payload());
  return icmp && icmp->is_error();
}

}  // namespace

Verdict Nat::Core::handle_packet(Instant now, Side from, MutableBytes bytes) {
  if (now > now_ || is_late_) advance(now);
  if (has_plain_flows())
    if (const MutableBytes sent = known_flow(from, bytes); !sent.empty())
      return send(other(from), sent);
  const auto packet = Ipv4Packet::parse(bytes);
  if (!packet) {
    const bool other_version = !bytes.empty() && bytes[0] >> 4 != 4;
    return drop(other_version ? &Counters::dropped_protocol : &Counters::dropped_malformed);
  }
  if (const auto problem = problem_with_header(*packet)) return drop(*problem);
  return from == Side::inside ? from_inside(*packet) : from_outside(*packet);
}

/// RFC 1812 §5.2.2 and §5.3.7.
std::optional<Nat::Core::Counter> Nat::Core::problem_with_header(const Ipv4Packet& packet) const {
  if (!packet.checksum_is_right()) return &Counters::dropped_malformed;
  if (is_multicast_or_reserved(packet.destination())) return &Counters::dropped_not_unicast;
  if (is_not_routed(packet.destination()) || is_not_routed(packet.source()))
    return &Counters::dropped_malformed;
  // RFC 5508 §7.3: a source route could show inside addresses outside.
  if (has_source_route(packet.options())) return &Counters::dropped_source_route;
  return std::nullopt;
}

Verdict Nat::Core::from_inside(const Ipv4Packet& packet) {
  if (packet.destination() == inside_address_) return to_self(packet, Side::inside);
  if (!is_external(packet.destination())) {
    if (inside_networks_.contains(packet.destination()))
      return forward_untranslated(packet, Side::inside, Side::inside);
    if (no_nat_.contains(packet.destination()))
      return forward_untranslated(packet, Side::inside, Side::outside);
  }
  return translate(packet, Side::inside);
}

// RFC 4787 REQ-7: a source that equals an inside address is not refused. It is another host, which
// only has the same number.
Verdict Nat::Core::from_outside(const Ipv4Packet& packet) {
  if (is_own(packet.source())) return drop(&Counters::dropped_spoofed);
  if (is_external(packet.destination())) return translate(packet, Side::outside);
  const bool lies_inside =
      config_.inside_networks.empty() || inside_networks_.contains(packet.destination());
  if (lies_inside && packet.destination() != inside_address_ && no_nat_.contains(packet.source()))
    return forward_untranslated(packet, Side::outside, Side::inside);
  return drop(&Counters::dropped_not_for_us);
}

Verdict Nat::Core::translate(const Ipv4Packet& packet, Side from) {
  if (is_icmp_error(packet)) return icmp_error(packet, from);
  if (!static_.empty())
    if (const auto route = static_route(packet, from))
      return translate_statically(packet, from, *route);
  if (!passes(packet)) return drop(&Counters::dropped_protocol);
  if (packet.is_fragment() && config_.fragments == Fragments::drop_all)
    return drop(&Counters::dropped_policy);
  if (packet.fragment_offset() != 0) return later_fragment(packet, from);
  if (packet.is_fragment()) return first_fragment(packet, from);
  if (is_for_self(packet)) return to_self(packet, from);
  const Routed routed = route(packet, from);
  if (!routed) return {routed.error(), {}};
  if (config_.has_alg())
    if (const auto sent = apply_alg(packet, from, *routed)) return *sent;
  rewrite(packet, routed->to);
  return deliver(packet, routed->out);
}

bool Nat::Core::passes(const Ipv4Packet& packet) const {
  if (packet.protocol() == ip_protocol::esp) return config_.esp_timeout > Duration::zero();
  return has_flows(packet.protocol());
}

Nat::Core::Routed Nat::Core::route(const Ipv4Packet& packet, Side from) {
  if (packet.protocol() == ip_protocol::esp) return route_esp(packet, from);
  const auto own = from == Side::inside ? static_.external_of(packet.source()) : std::nullopt;
  // A host with an address of its own is asked from outside, so what it sends may be a reply.
  const auto flow = read_flow(packet, own ? Side::outside : from);
  if (!flow) {
    const bool malformed = flow.error() == FlowProblem::malformed;
    ++(malformed ? counters_.dropped_malformed : counters_.dropped_icmp_type);
    return std::unexpected(Action::drop);
  }
  if (own) return route_from_static(packet, *flow, *own);
  return from == Side::inside ? route_outbound(packet, *flow) : route_inbound(packet, *flow);
}

Verdict Nat::Core::forward_untranslated(const Ipv4Packet& packet, Side from, Side out) {
  if (!can_go_out(packet, from, out)) return {};
  ++counters_.forwarded_untranslated;
  return deliver(packet, out);
}

/// An ICMP query to an external address that is not some inside host's alone.
bool Nat::Core::is_for_self(const Ipv4Packet& packet) const {
  return is_icmp_query(packet) && is_external(packet.destination()) &&
         !static_.inside_of(packet.destination());
}

bool Nat::Core::is_external(std::uint32_t address) const {
  return external_.contains(address);
}

bool Nat::Core::is_own(std::uint32_t address) const {
  return is_external(address) || address == inside_address_;
}

}  // namespace stile::nat
