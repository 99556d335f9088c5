#include <algorithm>
#include <utility>

#include "nat/core/core.hpp"
#include "nat/packet/fragmentation.hpp"

namespace stile::nat {

/// RFC 5508 REQ-10a: whether TTL and size let a packet pass from one side to the other. If not, its
/// sender is told; the packet must still be as it was sent.
bool Nat::Core::can_go_out(const Ipv4Packet& packet, Side from, Side out) {
  if (packet.ttl() <= 1) {
    ++counters_.dropped_ttl;
    send_error(from, packet.destination(), {icmp_type::time_exceeded, 0, 0}, packet.bytes());
    return false;
  }
  if (packet.dont_fragment() && packet.total_length() > mtu(out)) {
    ++counters_.dropped_too_big;
    // RFC 1191 §4: the low 16 bits of the second word are the next-hop MTU.
    const IcmpErrorKind too_big{icmp_type::destination_unreachable,
                                unreachable_code::fragmentation_needed,
                                static_cast<std::uint32_t>(mtu(out))};
    send_error(from, packet.destination(), too_big, packet.bytes());
    return false;
  }
  return true;
}

Verdict Nat::Core::deliver(const Ipv4Packet& packet, Side out) {
  packet.decrement_ttl();
  return send_fitting(packet, out);
}

/// RFC 4787 REQ-13a: what is too big is fragmented and sent in order.
Verdict Nat::Core::send_fitting(const Ipv4Packet& packet, Side out) {
  if (packet.total_length() <= mtu(out)) return send(out, packet.bytes());
  if (packet.dont_fragment()) return drop(&Counters::dropped_too_big);
  ++counters_.packets_fragmented;
  if (out == Side::outside && !packet.is_fragment())
    packet.set_identification(next_identification_++);
  Fragmented fragments = fragment(packet, mtu(out));
  for (ByteVector& piece : fragments.rest) push_command(out, std::move(piece));
  return send(out, fragments.first);
}

Verdict Nat::Core::drop(Counter reason) {
  ++(counters_.*reason);
  return {};
}

Verdict Nat::Core::send(Side out, MutableBytes packet) {
  return {out == Side::inside ? Action::send_inside : Action::send_outside, packet};
}

void Nat::Core::push_command(Side out, ByteVector packet) {
  if (commands_.size() >= config_.max_commands) {
    ++counters_.commands_lost;
    return;
  }
  commands_.push_back({out, std::move(packet)});
}

void Nat::set_mtus(std::uint16_t inside, std::uint16_t outside) {
  core_->set_mtus(inside, outside);
}

void Nat::Core::set_mtus(std::uint16_t inside, std::uint16_t outside) {
  config_.inside_mtu = std::max(inside, smallest_mtu);
  config_.outside_mtu = std::max(outside, smallest_mtu);
}

std::size_t Nat::Core::mtu(Side out) const {
  return out == Side::inside ? config_.inside_mtu : config_.outside_mtu;
}

}  // namespace stile::nat
