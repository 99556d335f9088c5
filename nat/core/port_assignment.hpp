#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "nat/core/config.hpp"
#include "nat/core/deterministic_ports.hpp"
#include "nat/core/endpoint.hpp"
#include "nat/core/held_ports.hpp"
#include "nat/core/nat.hpp"
#include "nat/core/port_pool.hpp"
#include "nat/core/subscriber.hpp"
#include "stile/base/random.hpp"

namespace stile::nat {

/// Chooses the external address and port of a new mapping and never gives one out twice (RFC 4787
/// §4.2.1, REQ-3).
class PortAssignor {
 public:
  using Emit = std::function<void(Event&&)>;
  /// `emit` gets PortBlockAssigned and PortBlockReleased.
  PortAssignor(const Config& config, Random& random, Emit emit);

  /// An external address for a host that has no mapping yet, as an index. RFC 4787 §4.1, "paired":
  /// neighbours inside are spread over the addresses, and a host that comes back gets the same one.
  /// Nothing if the NAT has none, or has lent all of them out (PortAssignment::none).
  std::optional<std::size_t> welcome(Instant now, std::uint32_t inside_address);
  /// Gives back what a host has beside its ports: blocks, or the address. Others get it from
  /// `free_from` on.
  void leave(Instant free_from, Subscriber& subscriber);

  /// Takes a free one for an endpoint of `subscriber`; nothing if there is none. A block may be
  /// added to `subscriber`.
  std::optional<Endpoint> assign(Instant now, Protocol protocol, Subscriber& subscriber,
                                 std::uint16_t inside_port);
  /// Takes this one, if it may be had; of `wanted`, what is 0 does not matter.
  std::optional<Endpoint> assign_exactly(Instant now, Protocol protocol, Subscriber& subscriber,
                                         Endpoint wanted, std::uint16_t inside_port);
  /// The block that has this port, if the host may have it; nothing where ports do not come so.
  void lend_block_of(Instant now, Subscriber& subscriber, const Endpoint& external);
  /// Nobody but `owner` is to get it, if it is free now.
  void reserve_for(Protocol protocol, const Endpoint& external, std::uint32_t owner);
  void end_reservation(Protocol protocol, const Endpoint& external);
  /// Takes one on purpose, for a forward; none of `assign` may have it yet.
  void reserve(Protocol protocol, const Endpoint& external);
  /// One of the class of `inside_port`, whoever has it.
  std::uint16_t random_port_for(Protocol protocol, std::uint16_t inside_port);
  void release(Protocol protocol, const Endpoint& external);
  /// Likewise, but nobody except `owner` gets it before Config::port_hold is over.
  void release_later(Instant now, Protocol protocol, const Endpoint& external, std::uint32_t owner);
  /// So many at most.
  void end_due(Instant now, std::size_t most);
  Instant earliest() const { return held_.earliest(); }

  /// Config::external is another one. Gives, for each index of before, the index of that address
  /// now.
  std::vector<std::optional<std::size_t>> follow_config();

 private:
  /// Something that one host has at a time.
  struct Loan {
    bool is_lent = false;
    Instant free_from{};  ///< while it is not lent
    std::uint32_t last_owner = 0;

    bool is_free_for(std::uint32_t owner, Instant now) const {
      return !is_lent && (now >= free_from || owner == last_owner);
    }
    void lend(std::uint32_t owner) { is_lent = true, last_owner = owner; }
    void end(Instant from) { is_lent = false, free_from = from; }
  };
  struct ExternalAddress {
    std::uint32_t address = 0;
    std::array<PortPool, 6> pools;  ///< by index_of()
    std::array<std::uint16_t, 6> last_given{};
    std::vector<Loan> blocks;
    Loan whole;  ///< to one inside host, PortAssignment::none
  };

  static std::size_t index_of(Protocol protocol);
  std::optional<std::size_t> index_for(const Subscriber& subscriber, std::uint32_t wanted) const;
  bool may_have(Protocol protocol, const Subscriber& subscriber, std::uint16_t port,
                std::uint16_t inside_port) const;
  Endpoint take(ExternalAddress& external, Protocol protocol, std::uint16_t port);
  ExternalAddress external_at(std::uint32_t address) const;
  PortPool& pool_of(Protocol protocol, const Endpoint& external);
  std::optional<std::uint16_t> port_at(Instant now, ExternalAddress& external, Protocol protocol,
                                       Subscriber& subscriber, std::uint16_t inside_port);
  bool is_available(const ExternalAddress& external, Protocol protocol, std::uint16_t port,
                    std::uint32_t owner);
  std::optional<std::uint16_t> choose(ExternalAddress& external, Protocol protocol,
                                      std::uint16_t inside_port);
  std::optional<std::uint16_t> random_port(const PortPool& pool, PortRange range, Parity parity);
  std::optional<std::uint16_t> sequential_port(ExternalAddress& external, Protocol protocol,
                                               PortRange range, Parity parity);
  std::optional<std::uint16_t> block_port(Instant now, ExternalAddress& external, Protocol protocol,
                                          Subscriber& subscriber, Parity parity);
  std::optional<std::uint16_t> port_of_blocks(const PortPool& pool, const Subscriber& subscriber,
                                              Parity parity);
  bool add_block(Instant now, ExternalAddress& external, Subscriber& subscriber);
  void lend(ExternalAddress& external, Subscriber& subscriber, std::size_t block);
  std::optional<std::uint16_t> deterministic_port(Instant now, ExternalAddress& external,
                                                  Protocol protocol, Subscriber& subscriber,
                                                  Parity parity);
  PortBlock info_of_block(const ExternalAddress& external, const Subscriber& subscriber,
                          std::uint16_t block) const;
  PortRange ports_of_blocks() const;
  PortRange range_of_block(std::uint16_t block) const;
  PortRange range_for(Protocol protocol, std::uint16_t inside_port) const;
  PortRange whole_range(Protocol protocol) const;
  Parity parity_for(Protocol protocol, std::uint16_t inside_port) const;

  const Config& config_;
  Random& random_;
  Emit emit_;
  DeterministicPorts shares_;
  std::vector<ExternalAddress> externals_;
  FlowTable<std::size_t> index_by_address_;
  HeldPorts held_;
  FlowTable<std::uint32_t> reserved_for_;  ///< the inside address that may have a taken port
};

}  // namespace stile::nat
