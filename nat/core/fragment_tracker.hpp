#pragma once

#include <optional>
#include <vector>

#include "nat/core/bindings.hpp"
#include "nat/core/config.hpp"
#include "nat/core/flow_table.hpp"
#include "nat/core/rewrite.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// Where a packet goes and as what.
struct Route {
  Side out = Side::outside;
  Rewrite to;
  SessionId session;  ///< may be none (RFC 4787 §5: an inbound packet that endpoint-independent
                      ///< filtering lets in)
  std::optional<std::uint16_t> identification;  ///< of the fragments of a datagram that leaves
};

/// Follows datagrams that come in fragments, from one side: the first fragment decides, the others
/// follow it, and those before it are held (RFC 4787 §11).
class FragmentTracker {
 public:
  FragmentTracker(const Config& config, Random& random) : config_(config), by_key_(random) {}

  enum class Fate : std::uint8_t { unknown, route, refused };
  struct Decision {
    Fate fate = Fate::unknown;
    Route route;
  };
  Decision decision(const Ipv4Packet& fragment) const;
  /// Keeps a copy of a fragment whose first has not come. False if a limit is reached.
  bool hold(Instant now, const Ipv4Packet& fragment);
  /// The first fragment was judged (`route` is nothing if it was refused). Gives what was held, in
  /// the order it came.
  std::vector<ByteVector> resolve(Instant now, const FlowKey& key,
                                  const std::optional<Route>& route);
  /// Forgets what is over; says how many held fragments are lost.
  std::size_t end_due(Instant now);
  Instant earliest() const { return queue_.earliest(); }
  std::size_t datagrams() const { return datagrams_.size(); }
  std::size_t fragments_held() const { return fragments_held_; }
  std::size_t bytes_held() const { return bytes_held_; }
  void clear();

  static FlowKey key_of(const Ipv4Packet& fragment);

 private:
  struct Datagram {
    FlowKey key;
    Decision decision;
    std::vector<ByteVector> held;
  };
  using Id = SlotId<Datagram>;

  Datagram* find(const FlowKey& key);
  Datagram& insert(Instant now, const FlowKey& key);
  std::size_t remove(Id id);
  std::vector<ByteVector> take_held(Datagram& datagram);

  const Config& config_;
  SlotMap<Datagram> datagrams_;
  FlowTable<Id> by_key_;
  DeadlineQueue<Id> queue_;
  std::size_t waiting_ = 0;
  std::size_t fragments_held_ = 0;
  std::size_t bytes_held_ = 0;
};

}  // namespace stile::nat
