#include "nat/core/core.hpp"

namespace stile::nat {

/// ESP through the NAT, where IPsec does not use UDP encapsulation (RFC 3948). Only addresses are
/// translated; the integrity check does not cover them (RFC 4303 §2.8).
Verdict Nat::Core::esp(const Ipv4Packet& packet, Side from) {
  constexpr std::size_t shortest = 8;  // RFC 4303 §2: index and sequence number
  // Limit: fragments of ESP are dropped; the index is in the first alone.
  if (packet.is_fragment() || packet.payload().size() < shortest)
    return drop(&Counters::dropped_protocol);
  const std::uint32_t index = load_u32(packet.payload().data());
  if (index == 0) return drop(&Counters::dropped_malformed);
  return from == Side::inside ? esp_outbound(packet, index) : esp_inbound(packet, index);
}

Verdict Nat::Core::esp_outbound(const Ipv4Packet& packet, std::uint32_t index) {
  if (is_external(packet.destination())) return drop(&Counters::dropped_hairpin_off);
  if (!can_go_out(packet, Side::inside, Side::outside)) return {};
  const auto external = esp_.outbound(now_, packet.source(), packet.destination(), index);
  if (!external) return drop(&Counters::dropped_esp_busy);
  ++counters_.translated_outbound;
  rewrite_addresses(packet, *external, packet.destination());
  return deliver(packet, Side::outside);
}

Verdict Nat::Core::esp_inbound(const Ipv4Packet& packet, std::uint32_t index) {
  if (!can_go_out(packet, Side::outside, Side::inside)) return {};
  const auto inside = esp_.inbound(now_, packet.destination(), packet.source(), index);
  if (!inside) return drop(&Counters::dropped_no_mapping);
  ++counters_.translated_inbound;
  rewrite_addresses(packet, packet.source(), *inside);
  return deliver(packet, Side::inside);
}

}  // namespace stile::nat
