#pragma once

#include <optional>

#include "nat/core/config.hpp"
#include "nat/core/endpoint.hpp"
#include "nat/core/flow_table.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// IPsec ESP (RFC 4303) has no ports, and the Security Parameters Index differs in each direction,
/// so which inside host an inbound one belongs to can only be learned: it is that of the host which
/// has sent with a new index last and has had no answer yet (RFC 3715 §2.1 has what can go wrong).
/// Two hosts that begin towards one remote at the same time could be mixed up; the second waits.
class EspPassthrough {
 public:
  EspPassthrough(const Config& config, Random& random)
      : config_(config), by_inside_(random), by_index_(random), awaiting_(random) {}

  /// The external address that the packet leaves from; nothing if it has to wait or there is no
  /// room.
  std::optional<std::uint32_t> outbound(Instant now, std::uint32_t inside, std::uint32_t remote,
                                        std::uint32_t index);
  /// The inside host that the packet is for.
  std::optional<std::uint32_t> inbound(Instant now, std::uint32_t external, std::uint32_t remote,
                                       std::uint32_t index);
  void end_due(Instant now);
  Instant earliest() const { return queue_.earliest(); }
  std::size_t size() const { return flows_.size(); }
  void clear();

 private:
  struct Flow {
    std::uint32_t inside = 0;
    std::uint32_t remote = 0;
    std::uint32_t external = 0;
    std::uint32_t outbound_index = 0;
    std::uint32_t inbound_index = 0;  ///< 0, which RFC 4303 §2.1 reserves: not known
    bool awaits_answer = true;
    Instant deadline{};
  };
  using Id = SlotId<Flow>;

  static FlowKey key_of(std::uint32_t ours, std::uint32_t remote, std::uint32_t index = 0) {
    return {std::uint64_t{ours} << 32 | remote, index};
  }
  Flow* open(Instant now, std::uint32_t inside, std::uint32_t remote);
  bool may_await(std::uint32_t external, std::uint32_t remote, std::uint32_t inside);
  void remove(Id id);

  const Config& config_;
  SlotMap<Flow> flows_;
  FlowTable<Id> by_inside_;  ///< and remote
  FlowTable<Id> by_index_;   ///< external, remote, inbound index
  FlowTable<Id> awaiting_;   ///< external, remote: who has sent with a new index last
  DeadlineQueue<Id> queue_;
};

}  // namespace stile::nat
