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

/// First the slots of all, then the records to which these lead: by then the first slots are there.
void Nat::Core::prefetch(Side from, std::span<const Bytes> packets) const {
  constexpr std::size_t most = 64;
  std::array<FlowKey, most> keys;
  std::array<std::uint32_t, most> hashes;
  for (std::size_t done = 0; done < packets.size(); done += most) {
    const auto batch = packets.subspan(done, std::min(most, packets.size() - done));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      keys[i] = probable_key(from, batch[i]);
      hashes[i] = bindings_.hash_of(keys[i]);
      bindings_.prefetch_slot(hashes[i], from);
    }
    for (std::size_t i = 0; i < batch.size(); ++i)
      bindings_.prefetch_record(keys[i], hashes[i], from);
  }
}

void Nat::prefetch(Side from, std::span<const Bytes> packets) const {
  core_->prefetch(from, packets);
}

void Bindings::prefetch_slot(std::uint32_t hash, Side from) const {
  (from == Side::inside ? sessions_by_inside_ : sessions_by_external_).prefetch(hash);
}

void Bindings::prefetch_record(const FlowKey& key, std::uint32_t hash, Side from) const {
  const HashIndex& index = from == Side::inside ? sessions_by_inside_ : sessions_by_external_;
  const std::uint32_t number = index.find(hash, [](std::uint32_t) { return true; });
  if (number != no_record) return prefetch_line(&sessions_[number]);
  if (from == Side::inside) return mappings_by_inside_.prefetch(hash_({key.first, 0}));
  mappings_by_external_.prefetch(hash_({key.first, 0}));
}

}  // namespace stile::nat
