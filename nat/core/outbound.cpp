#include <algorithm>

#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

bool begins_connection(const TcpView& segment) {
  return segment.has(tcp_flag::syn) && !segment.has(tcp_flag::rst);
}

}  // namespace

Nat::Core::Routed Nat::Core::route_outbound(const Ipv4Packet& packet, const Flow& flow) {
  const bool hairpin = is_external(flow.destination.address);
  if (hairpin && config_.hairpin == Hairpin::off) {
    ++counters_.dropped_hairpin_off;
    return std::unexpected(Action::drop);
  }
  if (!can_go_out(packet, Side::inside, hairpin ? Side::inside : Side::outside))
    return std::unexpected(Action::drop);

  if (!config_.has_sessions(flow.protocol)) return route_by_mapping(packet, flow);
  SessionRef session = bindings_.session_of_inside(flow.protocol, flow.source, flow.destination);
  if (!session && flow.tcp && !begins_connection(*flow.tcp))
    return route_without_session(packet, flow);
  if (!session && !is_permitted(flow.protocol, flow.destination)) {
    ++counters_.dropped_policy;
    return std::unexpected(Action::drop);
  }
  if (!session) session = open_session(packet, flow);
  if (!session) return std::unexpected(Action::drop);
  refresh(session, Side::inside, flow);
  count_traffic(*session, Side::inside, packet);
  // RFC 5382 REQ-4: an outbound SYN makes a held inbound one of the same connection a simultaneous
  // open.
  if (flow.tcp && flow.tcp->has(tcp_flag::syn) &&
      held_syns_.supersede(session->external, session->remote))
    ++counters_.syns_superseded;
  if (hairpin) return route_hairpin(packet, flow, session->external, packet.bytes());
  ++counters_.translated_outbound;
  return route_to_outside(flow, session->external, id_for_later(packet, session));
}

/// Only fragments to come, and what looks into payloads, ask for the session again.
SessionId Nat::Core::id_for_later(const Ipv4Packet& packet, SessionRef session) const {
  const bool is_asked_for = packet.is_fragment() || config_.has_alg();
  return session && is_asked_for ? bindings_.id_of(session) : SessionId{};
}

/// Config::blocked and Config::only.
bool Nat::Core::is_permitted(Protocol protocol, Endpoint remote) const {
  const auto matches = [&](const PortRule& rule) { return rule.matches(protocol, remote.port); };
  if (std::ranges::any_of(config_.blocked, matches)) return false;
  return config_.only.empty() || std::ranges::any_of(config_.only, matches);
}

Route Nat::Core::route_to_outside(const Flow& flow, Endpoint external, SessionId session) const {
  return {Side::outside, {external, flow.destination, external.port}, session, std::nullopt};
}

SessionRef Nat::Core::open_session(const Ipv4Packet& packet, const Flow& flow) {
  const auto opened = bindings_.open(now_, flow.protocol, flow.source, flow.destination);
  if (opened) return *opened;
  refuse(packet, flow, opened.error());
  return {};
}

/// A segment that begins no connection and belongs to none. A RST answers something that came in:
/// it is translated if there is a mapping, and refreshes nothing (RFC 7857 §7.1). Others are
/// dropped, as RFC 5382 §5 allows.
Nat::Core::Routed Nat::Core::route_without_session(const Ipv4Packet& packet, const Flow& flow) {
  const Mapping* mapping =
      bindings_.mapping_of_inside(flow.protocol, flow.source, flow.destination);
  if (!flow.tcp->has(tcp_flag::rst) || !mapping) {
    ++counters_.dropped_no_connection;
    return std::unexpected(Action::drop);
  }
  if (is_external(flow.destination.address))
    return route_hairpin(packet, flow, mapping->external, packet.bytes());
  ++counters_.translated_outbound;
  return route_to_outside(flow, mapping->external, {});
}

}  // namespace stile::nat
