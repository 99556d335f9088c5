#include <utility>

#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

/// The quoted packet was rewritten, which only the checksum of the whole message shows (RFC 5508
/// §4.1 had it verified).
void renew_checksum(const Ipv4Packet& packet) {
  const MutableBytes message = packet.payload();
  store_u16(message.data() + 2, 0);
  store_u16(message.data() + 2, internet_checksum(message));
}

/// The identifier of a quoted query or reply, whichever of its ends the NAT mapped.
void rewrite_quoted(const Ipv4Packet& quoted, Endpoint source, Endpoint destination) {
  const std::uint16_t identifier = source.port != 0 ? source.port : destination.port;
  rewrite(quoted, {source, destination, identifier});
}

}  // namespace

// RFC 5508 §4. None of this touches a timer or ends a mapping: RFC 5508 REQ-6, RFC 4787 REQ-12, RFC
// 5382 REQ-10. The sender of the error may be any router on the way, so its address is not filtered
// (RFC 4787 REQ-12a).
Verdict Nat::Core::icmp_error(const Ipv4Packet& packet, Side from) {
  const auto icmp = IcmpPacket::parse(packet.payload());
  if (packet.is_fragment() || !icmp->checksum_is_right())
    return drop(&Counters::dropped_icmp_error_invalid);  // REQ-3
  const auto quoted = Ipv4Packet::parse_quoted(icmp->quoted_datagram());
  if (!quoted || !quoted->checksum_is_right())
    return drop(&Counters::dropped_icmp_error_invalid);  // REQ-3a
  const auto flow = read_quoted_flow(*quoted);
  // An error goes to whoever sent the packet in error.
  if (!flow || packet.destination() != flow->source.address)
    return drop(&Counters::dropped_icmp_error_unmatched);
  if (packet.ttl() <= 1) return drop(&Counters::dropped_ttl);
  if (config_.icmp_errors == IcmpErrors::drop) return drop(&Counters::dropped_policy);
  return from == Side::outside ? icmp_error_from_outside(packet, *quoted, *flow)
                               : icmp_error_from_inside(packet, *quoted, *flow);
}

/// RFC 5508 REQ-4: about a packet that an inside host had sent.
Verdict Nat::Core::icmp_error_from_outside(const Ipv4Packet& packet, const Ipv4Packet& quoted,
                                           const Flow& flow) {
  Flow inbound = flow;
  std::swap(inbound.source, inbound.destination);
  const auto admission = admitted(inbound);
  if (!admission) return drop(&Counters::dropped_icmp_error_unmatched);
  rewrite_quoted(quoted, admission->inside, flow.destination);
  packet.set_destination(admission->inside.address);
  if (admission->session && config_.icmp_errors == IcmpErrors::end_session)
    bindings_.end(admission->session, now_);
  return deliver_icmp_error(packet, Side::inside);
}

/// RFC 5508 REQ-5: about a packet that an inside host had received.
Verdict Nat::Core::icmp_error_from_inside(const Ipv4Packet& packet, const Ipv4Packet& quoted,
                                          const Flow& flow) {
  const auto external = external_of(flow.protocol, flow.destination, flow.source);
  if (!external) return drop(&Counters::dropped_icmp_error_unmatched);
  if (is_external(packet.destination())) return hairpin_icmp_error(packet, quoted, flow, *external);
  rewrite_quoted(quoted, flow.source, *external);
  packet.set_source(outer_source(packet, *external));
  return deliver_icmp_error(packet, Side::outside);
}

std::optional<Endpoint> Nat::Core::external_of(Protocol protocol, Endpoint inside,
                                               Endpoint remote) const {
  if (const auto address = static_.external_of(inside.address))
    return Endpoint{*address, inside.port};
  const Mapping* mapping = bindings_.mapping_of_inside(protocol, inside, remote);
  return mapping ? std::optional(Endpoint(mapping->external)) : std::nullopt;
}

/// RFC 5508 REQ-5c: a host with an address of its own appears as that; routers and other hosts as
/// the NAT, at the address where the packet in error came in unless that is somebody's own.
std::uint32_t Nat::Core::outer_source(const Ipv4Packet& error, Endpoint external) const {
  if (const auto own = static_.external_of(error.source())) return *own;
  return static_.inside_of(external.address) ? first_external_ : external.address;
}

/// RFC 5508 REQ-7: about a hairpinned packet. Both ends of the quoted packet, and both addresses of
/// the error, are translated.
Verdict Nat::Core::hairpin_icmp_error(const Ipv4Packet& packet, const Ipv4Packet& quoted,
                                      const Flow& flow, Endpoint owner) {
  if (config_.hairpin == Hairpin::off) return drop(&Counters::dropped_hairpin_off);
  Flow returning = flow;
  returning.source = owner;
  returning.destination = flow.source;
  const auto sender = admitted(returning);
  if (!sender) return drop(&Counters::dropped_icmp_error_unmatched);
  rewrite_quoted(quoted, sender->inside, owner);
  packet.set_source(outer_source(packet, owner));
  packet.set_destination(sender->inside.address);
  return deliver_icmp_error(packet, Side::inside);
}

Verdict Nat::Core::deliver_icmp_error(const Ipv4Packet& packet, Side out) {
  renew_checksum(packet);
  ++counters_.icmp_errors_translated;
  return deliver(packet, out);
}

}  // namespace stile::nat
