#include <algorithm>
#include <array>

#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

/// The key by which the session of a packet is looked up, if it is one with ports and without IP
/// options; it has not been judged yet.
FlowKey probable_key(Side from, Bytes packet) {
  constexpr std::size_t shortest = Ipv4View::min_header + 4;
  if (packet.size() < shortest || packet[0] != 0x45) return {};
  const std::uint8_t* const at = packet.data();
  const Endpoint source{load_u32(at + 12), load_u16(at + 20)};
  const Endpoint destination{load_u32(at + 16), load_u16(at + 22)};
  const auto protocol = static_cast<Protocol>(at[9]);
  return from == Side::inside ? flow_key(protocol, source, destination)
                              : flow_key(protocol, destination, source);
}

}  // namespace

void Nat::Core::prefetch(Side from, std::span<const Bytes> packets) {
  std::array<FlowKey, ForeseenRecords::most> keys;
  const std::size_t count = std::min(packets.size(), keys.size());
  for (std::size_t i = 0; i < count; ++i) keys[i] = probable_key(from, packets[i]);
  bindings_.foresee(from, std::span(keys).first(count));
}

void Nat::prefetch(Side from, std::span<const Bytes> packets) {
  core_->prefetch(from, packets);
}

/// First the slots of all, then the records to which these lead: by then the first slots are there.
/// Where no session is known, the slot of the mapping of a new flow.
void Bindings::foresee(Side from, std::span<const FlowKey> keys) {
  const HashIndex& sessions = from == Side::inside ? sessions_by_inside_ : sessions_by_external_;
  const HashIndex& mappings = from == Side::inside ? mappings_by_inside_ : mappings_by_external_;
  std::array<std::uint32_t, ForeseenRecords::most> hashes;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool is_alone = !config_.has_sessions(protocol_of(keys[i]));
    hashes[i] = hash_(is_alone ? half_of(keys[i]) : keys[i]);
    (is_alone ? mappings : sessions).prefetch(hashes[i]);
  }
  foreseen_.clear();
  const auto any = [](std::uint32_t) { return true; };
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const bool is_alone = !config_.has_sessions(protocol_of(keys[i]));
    const std::uint32_t number = (is_alone ? mappings : sessions).find(hashes[i], any);
    foreseen_.add(number);
    if (number == no_record) {
      if (!is_alone) mappings.prefetch(hash_(half_of(keys[i])));
    } else if (is_alone) {
      prefetch_record(mappings_[number]);
    } else {
      prefetch_record(sessions_[number]);
    }
  }
}

}  // namespace stile::nat
