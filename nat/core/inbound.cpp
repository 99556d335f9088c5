#include "nat/core/core.hpp"

namespace stile::nat {

Nat::Core::Routed Nat::Core::route_inbound(const Ipv4Packet& packet, const Flow& flow) {
  const auto admission = admitted(flow);
  if (!admission)
    return std::unexpected(
        unsolicited(flow, Side::outside, packet.bytes(), reason_to_refuse(flow)));
  if (!can_go_out(packet, Side::outside, Side::inside)) return std::unexpected(Action::drop);
  accept_inbound(packet, flow, *admission);
  ++counters_.translated_inbound;
  return Route{Side::inside,
               {flow.source, admission->inside, admission->inside.port},
               id_for_later(packet, admission->session),
               std::nullopt};
}

void Nat::Core::accept_inbound(const Ipv4Packet& packet, const Flow& flow,
                               const Admission& admission) {
  if (refreshes(Side::outside) && flow.protocol != Protocol::tcp) keep_mapping(flow, admission);
  if (!admission.session) return;
  refresh(admission.session, Side::outside, flow);
  count_traffic(*admission.session, Side::outside, packet);
}

void Nat::Core::keep_mapping(const Flow& flow, const Admission& admission) {
  const Instant until = now_ + idle_timeout(flow.protocol, flow.source);
  if (admission.session)
    bindings_.keep_mapping_of(admission.session, until);
  else if (admission.has_mapping)
    bindings_.keep_mapping(flow.protocol, flow.destination, until);
}

/// The host that the destination of `flow` belongs to, if its filter lets the source in.
std::optional<Admission> Nat::Core::admitted(const Flow& flow) {
  if (config_.has_sessions(flow.protocol))
    if (const SessionRef session =
            bindings_.session_of_external(flow.protocol, flow.destination, flow.source))
      return Admission{session->inside, true, session};
  if (const auto inside = static_.inside_of(flow.destination.address))
    return Admission{{*inside, flow.destination.port}};
  if (bindings_.is_balanced(flow.protocol, flow.destination)) {
    const auto server = bindings_.server_for(flow.protocol, flow.destination, flow.source);
    return server ? std::optional(Admission{*server}) : std::nullopt;
  }
  const Mapping* mapping = bindings_.mapping_of_external(flow.protocol, flow.destination);
  if (!mapping || !passes_filter(*mapping, flow.source)) return std::nullopt;
  return Admission{mapping->inside, true};
}

Nat::Core::Counter Nat::Core::reason_to_refuse(const Flow& flow) {
  return bindings_.mapping_of_external(flow.protocol, flow.destination)
             ? &Counters::dropped_filtered
             : &Counters::dropped_no_mapping;
}

/// RFC 5382 REQ-4: a SYN that nothing lets in is held, not answered at once, unless configured
/// otherwise. Everything else is dropped in silence.
Action Nat::Core::unsolicited(const Flow& flow, Side sender, Bytes packet, Counter reason) {
  constexpr std::uint8_t opening_flags =
      tcp_flag::syn | tcp_flag::ack | tcp_flag::rst | tcp_flag::fin;
  const bool is_syn = flow.tcp && (flow.tcp->flags() & opening_flags) == tcp_flag::syn;
  if (is_syn && config_.unsolicited_syn == UnsolicitedSyn::reset) send_reset(flow, sender);
  if (!is_syn || config_.unsolicited_syn != UnsolicitedSyn::hold) {
    ++(counters_.*reason);
    return Action::drop;
  }
  switch (held_syns_.hold(now_, flow.destination, flow.source, sender, packet)) {
    case HeldSyns::Outcome::held:
      ++counters_.syns_held;
      return Action::hold;
    case HeldSyns::Outcome::held_before:
      ++(counters_.*reason);
      return Action::drop;
    case HeldSyns::Outcome::full:
      ++counters_.dropped_syn_limit;
      return Action::drop;
  }
  return Action::drop;
}

}  // namespace stile::nat
