#include <utility>

#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

/// RFC 1858 §3.2.2: a later fragment that reaches back into the TCP header could rewrite what was
/// judged.
bool overlaps_transport_header(const Ipv4Packet& packet) {
  return packet.protocol() == ip_protocol::tcp && packet.fragment_offset() < TcpView::min_header;
}

}  // namespace

Verdict Nat::Core::first_fragment(const Ipv4Packet& packet, Side from) {
  const FlowKey key = FragmentTracker::key_of(packet);
  // Limit: echo requests to the NAT itself are not put together from fragments, so large ones get
  // no reply.
  const bool is_local = from == Side::inside && is_for_self(packet);
  Routed routed = std::unexpected(Action::drop);
  if (is_local)
    ++counters_.dropped_local;
  else
    routed = route(packet, from);
  // RFC 7857 §10, RFC 6864 §5.3.1: two inside hosts may choose the same identification for
  // datagrams to the same host. Deviation: RFC 7857 §10: datagrams that leave whole keep theirs,
  // because traceroute programs recognise answers by it.
  if (routed && routed->out == Side::outside)
    routed->identification = identification_for(packet, from);
  const std::optional<Route> route = routed ? std::optional(*routed) : std::nullopt;
  auto held = fragments(from).resolve(now_, key, route);
  if (!route) {
    release(std::move(held), from, route);
    return {routed.error(), {}};
  }
  rewrite(packet, route->to);
  if (route->identification) packet.set_identification(*route->identification);
  const Verdict verdict = deliver(packet, route->out);
  release(std::move(held), from, route);
  return verdict;
}

/// One for each datagram: its first fragment may come twice.
std::uint16_t Nat::Core::identification_for(const Ipv4Packet& first, Side from) {
  const FragmentTracker::Decision before = fragments(from).decision(first);
  if (before.fate == FragmentTracker::Fate::route && before.route.identification)
    return *before.route.identification;
  return next_identification_++;
}

Verdict Nat::Core::later_fragment(const Ipv4Packet& packet, Side from) {
  if (overlaps_transport_header(packet)) return drop(&Counters::dropped_fragment_overlap);
  const FragmentTracker::Decision decision = fragments(from).decision(packet);
  switch (decision.fate) {
    case FragmentTracker::Fate::route:
      return follow(packet, from, decision.route);
    case FragmentTracker::Fate::refused:
      return drop(&Counters::dropped_fragment_refused);
    case FragmentTracker::Fate::unknown:
      break;
  }
  if (config_.fragments == Fragments::in_order) return drop(&Counters::dropped_policy);
  if (!fragments(from).hold(now_, packet)) return drop(&Counters::dropped_fragment_limit);
  ++counters_.fragments_held;
  return {Action::hold, {}};
}

/// A later fragment goes where its first went.
Verdict Nat::Core::follow(const Ipv4Packet& packet, Side from, const Route& route) {
  if (packet.ttl() <= 1) return drop(&Counters::dropped_ttl);
  if (Session* session = bindings_.find(route.session)) count_traffic(*session, from, packet);
  rewrite_addresses(packet, route.to.source.address, route.to.destination.address);
  if (route.identification) packet.set_identification(*route.identification);
  return deliver(packet, route.out);
}

void Nat::Core::release(std::vector<ByteVector> held, Side from,
                        const std::optional<Route>& route) {
  for (ByteVector& bytes : held) {
    if (!route) {
      ++counters_.dropped_fragment_refused;
      continue;
    }
    // The pieces that deliver() cuts off come after the part that it returns.
    std::deque<Command> before = std::exchange(commands_, {});
    const Verdict verdict = follow(*Ipv4Packet::parse(bytes), from, *route);
    std::deque<Command> pieces = std::exchange(commands_, std::move(before));
    if (verdict.action == Action::drop) continue;
    ++counters_.fragments_released;
    push_command(route->out, copy_of(verdict.packet));
    for (Command& piece : pieces) push_command(piece.side, std::move(piece.packet));
  }
}

}  // namespace stile::nat
