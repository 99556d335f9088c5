#include "nat/core/core.hpp"
#include "nat/packet/builder.hpp"

namespace stile::nat {

/// RFC 5508 REQ-10a.3, RFC 1812 §4.3.3.6: the NAT answers echo requests to its own addresses, where
/// they lie. It offers nothing else.
Verdict Nat::Core::to_self(const Ipv4Packet& packet, Side from) {
  constexpr std::uint8_t initial_ttl = 64;
  if (packet.protocol() != ip_protocol::icmp || packet.is_fragment())
    return drop(&Counters::dropped_local);
  const auto icmp = IcmpPacket::parse(packet.payload());
  if (!icmp || !icmp->checksum_is_right()) return drop(&Counters::dropped_malformed);
  if (icmp->type() != icmp_type::echo) return drop(&Counters::dropped_local);

  ChecksumChange change;
  change.replace_u16(load_u16(icmp->bytes().data()),
                     static_cast<std::uint16_t>(icmp_type::echo_reply << 8 | icmp->code()));
  icmp->bytes()[0] = icmp_type::echo_reply;
  store_u16(icmp->bytes().data() + 2, change.nonzero_applied_to(icmp->checksum()));

  const std::uint32_t asker = packet.source();
  packet.set_source(packet.destination());
  packet.set_destination(asker);
  packet.set_ttl(initial_ttl);
  ++counters_.echo_replies_made;
  return send_fitting(packet, from);
}

/// `about_destination` is where the packet in error was going: an external address answers for
/// itself, other errors come from the NAT's address on that side.
void Nat::Core::send_error(Side toward, std::uint32_t about_destination, IcmpErrorKind kind,
                           Bytes packet) {
  std::uint32_t source = toward == Side::inside ? inside_address_ : first_external_;
  if (toward == Side::outside && is_external(about_destination)) source = about_destination;
  if (auto error = icmp_errors_.make(now_, toward, source, kind, packet))
    push_command(toward, std::move(*error));
}

/// RFC 9293 §3.10.7.1: what a host without the port would say to a SYN.
void Nat::Core::send_reset(const Flow& syn, Side toward) {
  const TcpFields fields{.acknowledgment = syn.tcp->sequence() + 1, .window = 0};
  push_command(toward, make_tcp(to_public(syn.destination), to_public(syn.source),
                                tcp_flag::rst | tcp_flag::ack, {}, fields));
}

/// RFC 5382 REQ-4: nothing came of the held SYN: ICMP port unreachable, after at least 6 seconds,
/// and never a RST.
void Nat::Core::answer_held_syns() {
  const IcmpErrorKind port_unreachable{icmp_type::destination_unreachable, unreachable_code::port,
                                       0};
  while (const auto syn = held_syns_.pop_due(now_)) {
    auto error =
        icmp_errors_.make(now_, syn->sender, syn->external.address, port_unreachable, syn->quote);
    if (!error) continue;
    ++counters_.syns_answered;
    push_command(syn->sender, std::move(*error));
  }
}

}  // namespace stile::nat
