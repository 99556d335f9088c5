#pragma once

#include <optional>

#include "nat/core/flow_table.hpp"
#include "stile/base/address.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// IPv6 hosts and the numbers, in the form of IPv4 addresses, that they have towards an IPv4 NAT as
/// long as it has mappings of theirs, and a little longer. The numbers are seen nowhere else.
class HostNumbers {
 public:
  HostNumbers(std::size_t limit, Random& random) : limit_(limit), by_host_(random) {}

  /// Those above it keep their numbers.
  void set_limit(std::size_t limit) { limit_ = limit; }
  /// Gives the host a number if it has none; nothing if there are too many.
  std::optional<std::uint32_t> number_of(Instant now, const IpAddress& host);
  std::optional<IpAddress> host_of(std::uint32_t number) const;
  void add_mapping(std::uint32_t number);
  void remove_mapping(Instant now, std::uint32_t number);
  void end_due(Instant now);
  Instant earliest() const { return queue_.earliest(); }
  std::size_t size() const { return hosts_.size(); }

 private:
  struct Host {
    IpAddress address;
    std::uint32_t mappings = 0;
    Instant idle_since{};
  };
  using Id = SlotId<Host>;
  // As long as fragments may wait for their first one under the number.
  static constexpr Duration linger = std::chrono::seconds(60);
  static constexpr std::uint32_t first_number = 0x0a000001;
  static constexpr std::size_t most_numbers = 1u << 24;

  static FlowKey key_of(const IpAddress& host) {
    const auto& bytes = host.v6_bytes();
    return {load_u64(bytes.data()), load_u64(bytes.data() + 8)};
  }
  Id id_of(std::uint32_t number) const;
  void wake_later(Instant now, Id id);

  std::size_t limit_;
  SlotMap<Host> hosts_;
  FlowTable<Id> by_host_;
  DeadlineQueue<Id> queue_;
};

}  // namespace stile::nat
