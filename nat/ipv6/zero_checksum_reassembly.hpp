#pragma once

#include <map>
#include <optional>
#include <utility>

#include "nat/core/flow_table.hpp"
#include "nat/core/wake_queue.hpp"
#include "nat/packet/ipv4.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// RFC 6146 §3.4: UDP datagrams without a checksum that come in fragments are put together, as IPv6
/// has none without and it takes all of a datagram to compute one. The first fragment comes first
/// here, as from FragmentTracker.
class ZeroChecksumReassembly {
 public:
  ZeroChecksumReassembly(Duration timeout, Random& random) : timeout_(timeout), by_key_(random) {}

  /// Whether the fragment is of such a datagram; `whole` is that when this was its last.
  bool take(Instant now, const Ipv4View& fragment, std::optional<ByteVector>& whole);
  /// Says how many are given up.
  std::size_t end_due(Instant now);
  Instant earliest() const { return queue_.earliest(); }
  std::size_t datagrams() const { return datagrams_.size(); }
  std::size_t bytes_held() const { return bytes_held_; }
  /// Given up for what was in their fragments, or for want of room.
  std::size_t take_refused() { return std::exchange(refused_, 0); }

  static constexpr std::size_t most_datagrams = 256;
  static constexpr std::size_t most_bytes = 2u << 20;
  static constexpr std::size_t most_fragments = 64;  ///< of one datagram

 private:
  struct Datagram {
    FlowKey key;
    ByteVector header;                        ///< of the first fragment
    std::map<std::size_t, ByteVector> parts;  ///< by offset
    std::size_t bytes = 0;
    std::optional<std::size_t> length;  ///< once the last fragment is there
    bool is_refused = false;            ///< the rest is only swallowed
  };
  using Id = SlotId<Datagram>;

  Datagram* start(Instant now, const FlowKey& key, const Ipv4View& first);
  bool add(Datagram& datagram, const Ipv4View& fragment);
  void forget_parts(Datagram& datagram);
  void remove(Id id);
  static ByteVector joined(const Datagram& datagram);

  Duration timeout_;
  SlotMap<Datagram> datagrams_;
  FlowTable<Id> by_key_;
  WakeQueue queue_;  ///< by index
  std::size_t bytes_held_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace stile::nat
