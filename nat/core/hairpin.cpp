#include "nat/core/core.hpp"

namespace stile::nat {

/// RFC 4787 §6, RFC 5382 §7.2: what leaves an inside host for an external address of the NAT comes
/// back in at once, as if it had gone out and met the NAT there: from the sender's `external`
/// endpoint, and through the receiver's filter.
Nat::Core::Routed Nat::Core::route_hairpin(const Ipv4Packet& packet, const Flow& flow,
                                           Endpoint external, Bytes as_sent) {
  Flow returning = flow;
  returning.source = external;
  const auto admission = admitted(returning);
  if (!admission)
    return std::unexpected(
        unsolicited(returning, Side::inside, as_sent, reason_to_refuse(returning)));
  accept_inbound(packet, returning, *admission);
  ++counters_.hairpinned;
  // RFC 4787 REQ-9a: the source is the external endpoint; the other mode exists to show what breaks
  // without that.
  const Endpoint source = config_.hairpin == Hairpin::internal ? flow.source : external;
  // Of an ICMP query or reply, only the end that asked has an identifier.
  const Endpoint inside = admission->inside;
  const std::uint16_t identifier = inside.port != 0 ? inside.port : source.port;
  return Route{Side::inside, {source, inside, identifier}, {}, std::nullopt};
}

}  // namespace stile::nat
