#include "nat/core/core.hpp"

namespace stile::nat {

// UDP without sessions (Config::udp_sessions): one remote endpoint is as good as any other, and a
// mapping ages by itself.

Nat::Core::Routed Nat::Core::route_by_mapping(const Ipv4Packet& packet, const Flow& flow) {
  if (!is_permitted(flow.protocol, flow.destination)) {
    ++counters_.dropped_policy;
    return std::unexpected(Action::drop);
  }
  const auto opened = bindings_.open_mapping(now_, flow.protocol, flow.source);
  if (!opened) {
    refuse(packet, flow, opened.error());
    return std::unexpected(Action::drop);
  }
  const MappingRef mapping = *opened;
  refresh_mapping(mapping, Side::inside);
  if (is_external(flow.destination.address))
    return route_hairpin(packet, flow, mapping->external, packet.bytes());
  ++counters_.translated_outbound;
  return route_to_outside(flow, mapping->external, {});
}

/// RFC 4787 REQ-6, of the mapping as a whole: what goes out refreshes, and what comes in if
/// configured.
void Nat::Core::refresh_mapping(MappingRef mapping, Side from) {
  const bool is_new = mapping->kept_until <= now_ && from == Side::inside;
  if (is_new || refreshes(from)) bindings_.age(mapping, now_ + config_.udp_timeout);
}

bool Nat::Core::known_outbound_by_mapping(PlainPacket packet) {
  const MappingRef mapping = bindings_.lone_mapping_of_inside(packet.protocol(), packet.source());
  if (!mapping || !is_permitted(packet.protocol(), packet.destination())) return false;
  refresh_mapping(mapping, Side::inside);
  ++counters_.translated_outbound;
  packet.forward_from(mapping->external);
  return true;
}

/// Whom a host named when it asked for the mapping is judged on the long way.
bool Nat::Core::known_inbound_by_mapping(PlainPacket packet) {
  const MappingRef mapping =
      bindings_.lone_mapping_of_external(packet.protocol(), packet.destination());
  if (!mapping || mapping->has_terms) return false;
  refresh_mapping(mapping, Side::outside);
  ++counters_.translated_inbound;
  packet.forward_to(mapping->inside);
  return true;
}

void Nat::Core::for_each_lone_mapping(Instant now,
                                      const std::function<void(const SessionInfo&)>& visit) const {
  bindings_.mappings().for_each([&](std::uint32_t, const Mapping& mapping) {
    if (config_.has_sessions(mapping.protocol) || mapping.is_static || mapping.kept_until <= now)
      return;
    SessionInfo info;
    info.protocol = mapping.protocol;
    info.inside = to_public(mapping.inside);
    info.external = to_public(mapping.external);
    info.time_left = mapping.kept_until - now;
    visit(info);
  });
}

}  // namespace stile::nat
