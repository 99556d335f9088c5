#include "nat/core/icmp_error_maker.hpp"

#include <algorithm>

#include "nat/packet/builder.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"

namespace stile::nat {

namespace {

/// RFC 1812 §4.3.2.7, as far as handle_packet() has not refused the packet already (broadcast, bad
/// source).
bool may_be_answered(const Ipv4View& packet) {
  if (packet.fragment_offset() != 0) return false;
  if (packet.protocol() != ip_protocol::icmp) return true;
  const auto icmp = IcmpView::parse(packet.payload());
  return icmp && (icmp->is_query() || icmp->is_query_reply());
}

}  // namespace

std::optional<ByteVector> IcmpErrorMaker::make(Instant now, Side toward, std::uint32_t source,
                                               IcmpErrorKind kind, Bytes packet) {
  const auto about = Ipv4View::parse_quoted(packet);
  if (!about || !may_be_answered(*about)) return std::nullopt;
  if (!within_rate(now, toward)) {
    ++counters_.icmp_errors_suppressed;
    return std::nullopt;
  }
  ++counters_.icmp_errors_made;
  const Ipv4Fields fields{.tos = about->tos()};  // RFC 5508 §7.7
  return make_icmp_error(IpAddress::v4(source), IpAddress::v4(about->source()), kind.type,
                         kind.code, kind.rest, quote(about->bytes(), toward), fields);
}

/// As much as make_icmp_error() takes and the way to the sender holds.
Bytes IcmpErrorMaker::quote(Bytes packet, Side toward) const {
  const std::size_t mtu = toward == Side::inside ? config_.inside_mtu : config_.outside_mtu;
  const std::size_t room = mtu - Ipv4View::min_header - IcmpView::header_length;
  return packet.first(std::min(packet.size(), room));
}

/// RFC 1812 §4.3.2.8. Each side has its own allowance: a flood from outside must not silence the
/// errors inside.
bool IcmpErrorMaker::within_rate(Instant now, Side toward) {
  const Duration interval = Duration(std::chrono::seconds(1)) / config_.icmp_errors_per_second;
  Instant& paid_until = paid_until_[static_cast<std::size_t>(toward)];
  paid_until = std::max(paid_until, now);
  if (paid_until - now >= interval * config_.icmp_error_burst) return false;
  paid_until += interval;
  return true;
}

}  // namespace stile::nat
