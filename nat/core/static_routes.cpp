#include "nat/core/core.hpp"

namespace stile::nat {

/// RFC 2663 §4.1.1: where only addresses change no state is kept, and every protocol and fragment
/// passes. Nothing if this packet is not of that kind.
std::optional<Route> Nat::Core::static_route(const Ipv4Packet& packet, Side from) const {
  const auto inside = static_.inside_of(packet.destination());
  if (from == Side::outside) {
    if (!inside) return std::nullopt;
    return Route{Side::inside, {{packet.source(), 0}, {*inside, 0}, 0}, {}, std::nullopt};
  }
  const auto external = static_.external_of(packet.source());
  if (!external || (!inside && is_external(packet.destination()))) return std::nullopt;
  if (!inside)
    return Route{Side::outside, {{*external, 0}, {packet.destination(), 0}, 0}, {}, std::nullopt};
  const std::uint32_t source = config_.hairpin == Hairpin::internal ? packet.source() : *external;
  return Route{Side::inside, {{source, 0}, {*inside, 0}, 0}, {}, std::nullopt};
}

Verdict Nat::Core::translate_statically(const Ipv4Packet& packet, Side from, const Route& route) {
  const bool hairpin = from == route.out;
  if (hairpin && config_.hairpin == Hairpin::off) return drop(&Counters::dropped_hairpin_off);
  if (!can_go_out(packet, from, route.out)) return {};
  ++(hairpin                ? counters_.hairpinned
     : from == Side::inside ? counters_.translated_outbound
                            : counters_.translated_inbound);
  rewrite_keeping_ports(packet, route.to.source.address, route.to.destination.address);
  return deliver(packet, route.out);
}

/// From a host with an address of its own to a port of a shared one: only its address is
/// translated, and there is nothing to keep of it.
Nat::Core::Routed Nat::Core::route_from_static(const Ipv4Packet& packet, const Flow& flow,
                                               std::uint32_t external) {
  if (config_.hairpin == Hairpin::off) {
    ++counters_.dropped_hairpin_off;
    return std::unexpected(Action::drop);
  }
  if (!can_go_out(packet, Side::inside, Side::inside)) return std::unexpected(Action::drop);
  return route_hairpin(packet, flow, {external, flow.source.port}, packet.bytes());
}

}  // namespace stile::nat
