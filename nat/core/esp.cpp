#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

Route with_addresses(Side out, std::uint32_t source, std::uint32_t destination) {
  Route route;
  route.out = out;
  route.to.source.address = source;
  route.to.destination.address = destination;
  return route;
}

}  // namespace

/// ESP through the NAT, where IPsec does not use UDP encapsulation (RFC 3948). Only addresses are
/// translated; the integrity check does not cover them (RFC 4303 §2.8). Of fragments the first has
/// the index.
Nat::Core::Routed Nat::Core::route_esp(const Ipv4Packet& packet, Side from) {
  constexpr std::size_t shortest = 8;  // RFC 4303 §2: index and sequence number
  const std::uint32_t index =
      packet.payload().size() < shortest ? 0 : load_u32(packet.payload().data());
  if (index == 0) {
    ++counters_.dropped_malformed;
    return std::unexpected(Action::drop);
  }
  return from == Side::inside ? esp_outbound(packet, index) : esp_inbound(packet, index);
}

Nat::Core::Routed Nat::Core::esp_outbound(const Ipv4Packet& packet, std::uint32_t index) {
  if (is_external(packet.destination())) {
    ++counters_.dropped_hairpin_off;
    return std::unexpected(Action::drop);
  }
  if (!can_go_out(packet, Side::inside, Side::outside)) return std::unexpected(Action::drop);
  const auto external = esp_.outbound(now_, packet.source(), packet.destination(), index);
  if (!external) {
    ++counters_.dropped_esp_busy;
    return std::unexpected(Action::drop);
  }
  ++counters_.translated_outbound;
  return with_addresses(Side::outside, *external, packet.destination());
}

Nat::Core::Routed Nat::Core::esp_inbound(const Ipv4Packet& packet, std::uint32_t index) {
  if (!can_go_out(packet, Side::outside, Side::inside)) return std::unexpected(Action::drop);
  const auto inside = esp_.inbound(now_, packet.destination(), packet.source(), index);
  if (!inside) {
    ++counters_.dropped_no_mapping;
    return std::unexpected(Action::drop);
  }
  ++counters_.translated_inbound;
  return with_addresses(Side::inside, packet.source(), *inside);
}

}  // namespace stile::nat
