#pragma once

#include <optional>

#include "nat/core/config.hpp"
#include "nat/core/flow_table.hpp"
#include "nat/core/protocol.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// RFC 5382 §4.3, REQ-4: an inbound SYN that nothing lets in. It is not answered while an outbound
/// SYN of the same connection may still make it one half of a simultaneous open.
struct HeldSyn {
  Endpoint external;
  Endpoint remote;
  Side sender = Side::outside;
  ByteVector quote;  ///< the beginning of the packet, as its sender sent it
};

class HeldSyns {
 public:
  HeldSyns(const Config& config, Random& random) : config_(config), by_connection_(random) {}

  enum class Outcome : std::uint8_t { held, held_before, full };
  Outcome hold(Instant now, Endpoint external, Endpoint remote, Side sender, Bytes packet);
  /// An outbound SYN of the connection leaves: the held one is forgotten. False if there was none.
  bool supersede(Endpoint external, Endpoint remote);
  /// The next one whose hold is over.
  std::optional<HeldSyn> pop_due(Instant now);
  Instant earliest() const { return queue_.earliest(); }
  std::size_t size() const { return held_.size(); }
  void clear();

 private:
  using Id = SlotId<HeldSyn>;
  const Config& config_;
  SlotMap<HeldSyn> held_;
  FlowTable<Id> by_connection_;
  DeadlineQueue<Id> queue_;
};

}  // namespace stile::nat
