#include "nat/core/core.hpp"

namespace stile::nat {

/// RFC 4787 REQ-6: what goes out refreshes; what comes in does so only if configured (REQ-6a). RFC
/// 5508 REQ-2 likewise.
void Nat::Core::refresh(SessionRef session, Side from, const Flow& flow) {
  if (flow.tcp) return refresh_tcp(session, from, *flow.tcp);
  if (session->protocol == Protocol::dccp || session->protocol == Protocol::sctp)
    return refresh_connection(session, from, flow.step);
  refresh_datagrams(session, from);
}

void Nat::Core::refresh_datagrams(SessionRef session, Side from) {
  const bool is_new = session->deadline <= now_;
  if (!is_new && !refreshes(from)) return;
  const bool is_answered = from == Side::outside || session->traffic.of(Side::outside).packets > 0;
  const bool waits_for_answer = session->protocol == Protocol::udp && !is_answered;
  const Duration timeout = idle_timeout(session->protocol, session->remote);
  bindings_.set_deadline(
      session,
      now_ + (waits_for_answer ? config_.udp_unanswered_timeout.value_or(timeout) : timeout));
}

bool Nat::Core::refreshes(Side from) const {
  return config_.refresh == Refresh::both ||
         (config_.refresh == Refresh::outbound) == (from == Side::inside);
}

/// Of UDP and of ICMP queries; TCP's depends on the connection's state.
Duration Nat::Core::idle_timeout(Protocol protocol, Endpoint remote) const {
  if (protocol == Protocol::icmp) return config_.icmp_timeout;
  for (const PortTimeout& each : config_.udp_port_timeouts)
    if (each.port == remote.port) return each.timeout;
  return config_.udp_timeout;
}

/// RFC 5382 REQ-5: a connection is idle when neither side sends. Its state says how long it may be.
void Nat::Core::refresh_tcp(SessionRef session, Side from, const TcpView& segment) {
  const bool refreshes = session->tcp.track(from, segment);
  const Duration timeout = tcp_timeout(session->tcp.state());
  // RFC 6887 §12.3: what a PEER request prolonged still ends with the connection.
  if (session->tcp.state() == TcpState::closing || session->tcp.state() == TcpState::reset)
    bindings_.forget_peer(*session);
  // RFC 7857 §2.2, §7.1: a RST may shorten what is left; it never prolongs it.
  const Instant deadline = refreshes ? now_ + timeout : std::min(session->deadline, now_ + timeout);
  bindings_.set_deadline(session, deadline);
}

/// RFC 5597 REQ-5 for DCCP, and for SCTP likewise: both directions keep a connection.
void Nat::Core::refresh_connection(SessionRef session, Side from, ConnectionStep step) {
  if (step == ConnectionStep::begins) session->is_closing = false;
  if (step == ConnectionStep::ends) session->is_closing = true;
  const bool is_answered = from == Side::outside || session->traffic.of(Side::outside).packets > 0;
  const Duration timeout = session->is_closing ? config_.tcp_closing_timeout
                           : is_answered       ? config_.tcp_established_timeout
                                               : config_.tcp_opening_timeout;
  bindings_.set_deadline(session, now_ + timeout);
}

Duration Nat::Core::tcp_timeout(TcpState state) const {
  switch (state) {
    case TcpState::opening:
      return config_.tcp_opening_timeout;
    case TcpState::closing:
    case TcpState::reset:
      return config_.tcp_closing_timeout;
    case TcpState::established:
    case TcpState::inside_fin:
    case TcpState::outside_fin:
      return config_.tcp_established_timeout;
  }
  return config_.tcp_established_timeout;
}

void Nat::Core::count_traffic(Session& session, Side from, const Ipv4Packet& packet) {
  session.traffic.add(from, packet.total_length());
}

}  // namespace stile::nat
