#include "nat/core/tcp_tracking.hpp"

#include <algorithm>

namespace stile::nat {

namespace {

/// RFC 7323 §2.2: the shift count of the window scale option, 0 if there is none.
std::uint8_t window_scale_of(const TcpView& segment) {
  constexpr std::uint8_t largest = 14;
  const Bytes option = segment.option(tcp_option::window_scale);
  return option.size() == 3 ? std::min(option[2], largest) : std::uint8_t{0};
}

}  // namespace

bool TcpTracking::track(Side from, const TcpView& segment) {
  if (segment.has(tcp_flag::rst)) {
    // RFC 7857 §2.2: a RST that its receiver would not accept may be an attacker's, so it changes
    // nothing here.
    End& receiver = end(other(from));
    if (would_accept(receiver, segment)) receiver.was_reset = true;
    return false;
  }
  const TcpState before = state();
  if (segment.has(tcp_flag::syn) && (before == TcpState::closing || before == TcpState::reset))
    *this = TcpTracking{};  // the same ports begin a new connection
  // RFC 7857 Figure 1: TRANS goes back to ESTABLISHED when a packet follows.
  for (End& each : ends_) each.was_reset = false;

  End& sender = end(from);
  if (segment.has(tcp_flag::syn)) sender.window_scale = window_scale_of(segment) & 15u;
  if (segment.has(tcp_flag::ack)) {
    if (sender.window_scale == unknown) sender.window_scale = 0;
    sender.sent_ack = true;
    sender.next_expected = segment.acknowledgment();
    sender.window = segment.window();
    sender.is_scaled = !segment.has(tcp_flag::syn);
  }
  if (segment.has(tcp_flag::fin)) sender.sent_fin = true;
  return true;
}

TcpState TcpTracking::state() const {
  const End& inside = end(Side::inside);
  const End& outside = end(Side::outside);
  if (is_reset()) return TcpState::reset;
  if (!inside.sent_ack || !outside.sent_ack) return TcpState::opening;
  if (inside.sent_fin && outside.sent_fin) return TcpState::closing;
  if (inside.sent_fin) return TcpState::inside_fin;
  if (outside.sent_fin) return TcpState::outside_fin;
  return TcpState::established;
}

TcpTracking TcpTracking::resumed(TcpState state) {
  TcpTracking tracking;
  for (End& end : tracking.ends_) {
    end.sent_ack = state != TcpState::opening;
    end.window_scale = unknown;
  }
  const bool is_closing = state == TcpState::closing;
  tracking.end(Side::inside).sent_fin = is_closing || state == TcpState::inside_fin;
  tracking.end(Side::outside).sent_fin = is_closing || state == TcpState::outside_fin;
  tracking.end(Side::outside).was_reset = state == TcpState::reset;
  return tracking;
}

bool TcpTracking::would_accept(const End& receiver, const TcpView& segment) {
  if (!receiver.has_window()) return true;
  const std::uint32_t window = std::uint32_t{receiver.window}
                               << (receiver.is_scaled ? receiver.window_scale : 0);
  return segment.sequence() - receiver.next_expected <= window;
}

std::string_view name_of(TcpState state) {
  switch (state) {
    case TcpState::opening:
      return "opening";
    case TcpState::established:
      return "established";
    case TcpState::inside_fin:
      return "inside-fin";
    case TcpState::outside_fin:
      return "outside-fin";
    case TcpState::closing:
      return "closing";
    case TcpState::reset:
      return "reset";
  }
  return "unknown";
}

}  // namespace stile::nat
