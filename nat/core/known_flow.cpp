#include "nat/core/core.hpp"
#include "nat/core/plain_packet.hpp"

namespace stile::nat {

// What most packets need, in one piece: the rest of the procedures would come to the same, with
// more steps. Whatever is not plain goes through those, and is as it was until then.

/// Whether no option is set for which a packet of a known flow would need more than its session.
bool Nat::Core::has_plain_flows() const {
  return static_.empty() && !config_.has_alg();
}

/// What is handed from function to function here fits into registers: a structure that goes through
/// memory, as std::optional does, cost as much as the look-up.
MutableBytes Nat::Core::known_flow(Side from, MutableBytes bytes) {
  const PlainPacket packet(bytes);
  if (!packet.is_plain() || packet.ttl() <= 1 || packet.length() > mtu(other(from))) return {};
  const bool is_known = from == Side::inside ? known_outbound(packet) : known_inbound(packet);
  return is_known ? packet.bytes() : MutableBytes{};
}

bool Nat::Core::known_outbound(PlainPacket packet) {
  const Endpoint remote = packet.destination();
  if (remote.address == inside_address_ || external_.contains(remote.address) ||
      inside_networks_.contains(remote.address) || no_nat_.contains(remote.address))
    return false;
  if (!config_.has_sessions(packet.protocol())) return known_outbound_by_mapping(packet);
  SessionRef session = bindings_.foreseen_of_inside(packet.protocol(), packet.source(), remote);
  if (!session) session = bindings_.session_of_inside(packet.protocol(), packet.source(), remote);
  if (!session) return false;
  refresh_plain(session, Side::inside, packet);
  ++counters_.translated_outbound;
  packet.forward_from(session->external);
  return true;
}

/// Who has a session has an address of the NAT.
bool Nat::Core::known_inbound(PlainPacket packet) {
  if (is_own(packet.source().address)) return false;
  if (!config_.has_sessions(packet.protocol())) return known_inbound_by_mapping(packet);
  const Endpoint remote = packet.source();
  const Endpoint external = packet.destination();
  SessionRef session = bindings_.foreseen_of_external(packet.protocol(), external, remote);
  if (!session) session = bindings_.session_of_external(packet.protocol(), external, remote);
  if (!session) return false;
  if (refreshes(Side::outside) && session->protocol != Protocol::tcp)
    bindings_.keep_mapping_of(session, now_ + idle_timeout(session->protocol, session->remote));
  refresh_plain(session, Side::outside, packet);
  ++counters_.translated_inbound;
  packet.forward_to(session->inside);
  return true;
}

void Nat::Core::refresh_plain(SessionRef session, Side from, PlainPacket packet) {
  if (packet.protocol() == Protocol::tcp)
    refresh_tcp(session, from, packet.tcp());
  else
    refresh_datagrams(session, from);
  session->traffic.add(from, packet.length());
}

}  // namespace stile::nat
