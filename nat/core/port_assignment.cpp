#include "nat/core/port_assignment.hpp"

#include <algorithm>
#include <utility>

namespace stile::nat {

namespace {

constexpr std::uint16_t last_well_known = 1023;

PortRange intersection(PortRange a, PortRange b) {
  return {std::max(a.first, b.first), std::min(a.last, b.last)};
}

}  // namespace

PortAssignor::PortAssignor(const Config& config, Random& random, Emit emit)
    : config_(config),
      random_(random),
      emit_(std::move(emit)),
      shares_(config),
      index_by_address_(random),
      held_(random),
      reserved_for_(random) {
  follow_config();
}

std::vector<std::optional<std::size_t>> PortAssignor::follow_config() {
  shares_ = DeterministicPorts(config_);
  std::vector<ExternalAddress> before = std::exchange(externals_, {});
  std::vector<std::optional<std::size_t>> moved(before.size());
  for (const IpAddress& address : config_.external) {
    const auto known = std::ranges::find(before, address.v4_bits(), &ExternalAddress::address);
    if (known != before.end())
      moved[static_cast<std::size_t>(known - before.begin())] = externals_.size();
    externals_.push_back(known != before.end() ? std::move(*known)
                                               : external_at(address.v4_bits()));
  }
  index_by_address_.clear();
  for (std::size_t i = 0; i < externals_.size(); ++i)
    index_by_address_.at({externals_[i].address, 0}) = i;
  for (std::size_t i = 0; i < before.size(); ++i)
    if (!moved[i]) held_.forget_address(before[i].address);
  return moved;
}

PortAssignor::ExternalAddress PortAssignor::external_at(std::uint32_t address) const {
  ExternalAddress external;
  external.address = address;
  external.blocks.resize(ports_of_blocks().size() / config_.block_size);
  for (const std::uint16_t port : config_.reserved_udp_ports)
    external.pools[index_of(Protocol::udp)].take(port);
  return external;
}

PortRange PortAssignor::ports_of_blocks() const {
  if (config_.ports == PortAssignment::deterministic) return shares_.dynamic_ports();
  return intersection({first_unreserved_port, 65535}, {config_.port_min, config_.port_max});
}

std::optional<std::size_t> PortAssignor::welcome(Instant now, std::uint32_t inside_address) {
  if (externals_.empty()) return std::nullopt;
  if (config_.ports == PortAssignment::deterministic) {
    const auto share = shares_.share_of(inside_address);
    return share ? std::optional(share->external) : std::nullopt;
  }
  const std::size_t paired = inside_address % externals_.size();
  if (config_.ports != PortAssignment::none) return paired;
  for (std::size_t i = 0; i < externals_.size(); ++i) {
    const std::size_t index = (paired + i) % externals_.size();
    Loan& address = externals_[index].whole;
    if (!address.is_free_for(inside_address, now)) continue;
    address.lend(inside_address);
    return index;
  }
  return std::nullopt;
}

void PortAssignor::leave(Instant free_from, Subscriber& subscriber) {
  ExternalAddress& external = externals_[subscriber.external];
  external.whole.end(free_from);
  for (const std::uint16_t block : subscriber.blocks) {
    external.blocks[block].end(free_from);
    emit_(PortBlockReleased{info_of_block(external, subscriber, block)});
  }
  subscriber.blocks.clear();
}

std::optional<Endpoint> PortAssignor::assign(Instant now, Protocol protocol, Subscriber& subscriber,
                                             std::uint16_t inside_port) {
  const bool is_bound = config_.is_bound_to_address();
  const bool arbitrary = config_.pooling == Pooling::arbitrary && !is_bound;
  const bool others_too = config_.pooling == Pooling::soft_paired && !is_bound;
  const std::size_t first = arbitrary ? random_.below(static_cast<std::uint32_t>(externals_.size()))
                                      : subscriber.external;
  for (std::size_t i = 0; i < (others_too ? externals_.size() : 1); ++i) {
    ExternalAddress& external = externals_[(first + i) % externals_.size()];
    const auto port = port_at(now, external, protocol, subscriber, inside_port);
    if (port) return take(external, protocol, *port);
  }
  return std::nullopt;
}

std::optional<Endpoint> PortAssignor::assign_exactly(Instant now, Protocol protocol,
                                                     Subscriber& subscriber, Endpoint wanted,
                                                     std::uint16_t inside_port) {
  const auto index = index_for(subscriber, wanted.address);
  if (!index) return std::nullopt;
  ExternalAddress& external = externals_[*index];
  if (wanted.port == 0) {
    const auto port = port_at(now, external, protocol, subscriber, inside_port);
    return port ? std::optional(take(external, protocol, *port)) : std::nullopt;
  }
  if (!may_have(protocol, subscriber, wanted.port, inside_port) ||
      !is_available(external, protocol, wanted.port, subscriber.address))
    return std::nullopt;
  return take(external, protocol, wanted.port);
}

/// RFC 4787 REQ-2: a host that is paired with an address gets no port of another one.
std::optional<std::size_t> PortAssignor::index_for(const Subscriber& subscriber,
                                                   std::uint32_t wanted) const {
  if (wanted == 0 || externals_[subscriber.external].address == wanted) return subscriber.external;
  const bool is_bound = config_.pooling == Pooling::paired || config_.is_bound_to_address();
  const std::size_t* index = index_by_address_.find({wanted, 0});
  return index && !is_bound ? std::optional(*index) : std::nullopt;
}

bool PortAssignor::may_have(Protocol protocol, const Subscriber& subscriber, std::uint16_t port,
                            std::uint16_t inside_port) const {
  if (!whole_range(protocol).contains(port)) return false;
  if (config_.ports == PortAssignment::none) return port == inside_port;
  if (config_.ports == PortAssignment::deterministic &&
      shares_.share_of(subscriber.address)->ports.contains(port))
    return true;
  const bool needs_block =
      config_.ports == PortAssignment::block || config_.ports == PortAssignment::deterministic;
  return !needs_block || std::ranges::any_of(subscriber.blocks, [&](std::uint16_t block) {
    return range_of_block(block).contains(port);
  });
}

Endpoint PortAssignor::take(ExternalAddress& external, Protocol protocol, std::uint16_t port) {
  external.pools[index_of(protocol)].take(port);
  external.last_given[index_of(protocol)] = port;
  return {external.address, port};
}

void PortAssignor::reserve_for(Protocol protocol, const Endpoint& external, std::uint32_t owner) {
  PortPool& pool = pool_of(protocol, external);
  if (pool.taken(external.port)) return;
  pool.take(external.port);
  reserved_for_.at(flow_key(protocol, external)) = owner;
}

void PortAssignor::end_reservation(Protocol protocol, const Endpoint& external) {
  if (!reserved_for_.find(flow_key(protocol, external))) return;
  reserved_for_.erase(flow_key(protocol, external));
  release(protocol, external);
}

std::optional<std::uint16_t> PortAssignor::port_at(Instant now, ExternalAddress& external,
                                                   Protocol protocol, Subscriber& subscriber,
                                                   std::uint16_t inside_port) {
  const bool keeps =
      config_.ports == PortAssignment::none || config_.ports == PortAssignment::preserve;
  if (keeps && range_for(protocol, inside_port).contains(inside_port) &&
      is_available(external, protocol, inside_port, subscriber.address))
    return inside_port;
  if (config_.ports == PortAssignment::none) return std::nullopt;
  if (config_.ports == PortAssignment::block)
    return block_port(now, external, protocol, subscriber, parity_for(protocol, inside_port));
  if (config_.ports == PortAssignment::deterministic)
    return deterministic_port(now, external, protocol, subscriber,
                              parity_for(protocol, inside_port));
  return choose(external, protocol, inside_port);
}

bool PortAssignor::is_available(const ExternalAddress& external, Protocol protocol,
                                std::uint16_t port, std::uint32_t owner) {
  const Endpoint endpoint{external.address, port};
  if (!external.pools[index_of(protocol)].taken(port) ||
      held_.take_back({protocol, endpoint}, owner))
    return true;
  const std::uint32_t* reserved = reserved_for_.find(flow_key(protocol, endpoint));
  if (!reserved || *reserved != owner) return false;
  reserved_for_.erase(flow_key(protocol, endpoint));
  return true;
}

void PortAssignor::reserve(Protocol protocol, const Endpoint& external) {
  held_.forget({protocol, external});
  reserved_for_.erase(flow_key(protocol, external));
  pool_of(protocol, external).take(external.port);
}

void PortAssignor::release(Protocol protocol, const Endpoint& external) {
  pool_of(protocol, external).release(external.port);
}

void PortAssignor::release_later(Instant now, Protocol protocol, const Endpoint& external,
                                 std::uint32_t owner) {
  held_.hold(now + config_.port_hold, {protocol, external}, owner);
  if (held_.size() <= config_.max_ports_held) return;
  if (const auto oldest = held_.pop_oldest()) release(oldest->protocol, oldest->external);
}

void PortAssignor::end_due(Instant now) {
  while (const auto due = held_.pop_due(now)) release(due->protocol, due->external);
}

PortPool& PortAssignor::pool_of(Protocol protocol, const Endpoint& external) {
  ExternalAddress& found = externals_[*index_by_address_.find({external.address, 0})];
  return found.pools[index_of(protocol)];
}

std::size_t PortAssignor::index_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::icmp:
      return 0;
    case Protocol::tcp:
      return 1;
    case Protocol::udp:
      return 2;
    case Protocol::dccp:
      return 3;
    case Protocol::sctp:
      return 4;
    case Protocol::udp_lite:
      return 5;
  }
  return 0;
}

std::optional<std::uint16_t> PortAssignor::choose(ExternalAddress& external, Protocol protocol,
                                                  std::uint16_t inside_port) {
  const PortRange range = range_for(protocol, inside_port);
  const Parity parity = parity_for(protocol, inside_port);
  const auto pick = [&](PortRange from, Parity wanted) {
    return config_.ports == PortAssignment::sequential
               ? sequential_port(external, protocol, from, wanted)
               : random_port(external.pools[index_of(protocol)], from, wanted);
  };
  // RFC 4787 REQ-4 and REQ-3a are recommended, a mapping is required: parity is given up first, the
  // range last.
  if (const auto port = pick(range, parity)) return port;
  if (const auto port = pick(range, Parity::any)) return port;
  return pick(whole_range(protocol), Parity::any);
}

std::uint16_t PortAssignor::random_port_for(Protocol protocol, std::uint16_t inside_port) {
  const PortRange range = range_for(protocol, inside_port);
  return static_cast<std::uint16_t>(range.first + random_.below(range.size()));
}

/// RFC 6056 §3.3.1, algorithm 1: a random start, then upwards to the first free one.
std::optional<std::uint16_t> PortAssignor::random_port(const PortPool& pool, PortRange range,
                                                       Parity parity) {
  if (range.empty()) return std::nullopt;
  const auto start = static_cast<std::uint16_t>(range.first + random_.below(range.size()));
  return pool.next_free(range, start, parity);
}

std::optional<std::uint16_t> PortAssignor::sequential_port(ExternalAddress& external,
                                                           Protocol protocol, PortRange range,
                                                           Parity parity) {
  const std::uint16_t last = external.last_given[index_of(protocol)];
  const std::uint32_t next = std::uint32_t{last} + config_.sequential_step;
  const bool goes_on = range.contains(last) && next <= range.last;
  const auto start = static_cast<std::uint16_t>(goes_on ? next : range.first);
  return external.pools[index_of(protocol)].next_free(range, start, parity);
}

// RFC 6888 §4 lets a carrier log one block for each host in place of each mapping; within it ports
// are random. Deviation: RFC 4787 REQ-3a: blocks lie above the well-known ports, also for a
// well-known inside port, because a block has one owner and 1,023 ports would give owners to two
// blocks.
std::optional<std::uint16_t> PortAssignor::block_port(Instant now, ExternalAddress& external,
                                                      Protocol protocol, Subscriber& subscriber,
                                                      Parity parity) {
  const PortPool& pool = external.pools[index_of(protocol)];
  for (;;) {
    if (const auto port = port_of_blocks(pool, subscriber, parity)) return port;
    if (const auto port = port_of_blocks(pool, subscriber, Parity::any)) return port;
    if (!add_block(now, external, subscriber)) return std::nullopt;
  }
}

std::optional<std::uint16_t> PortAssignor::port_of_blocks(const PortPool& pool,
                                                          const Subscriber& subscriber,
                                                          Parity parity) {
  for (const std::uint16_t block : subscriber.blocks)
    if (const auto port = random_port(pool, range_of_block(block), parity)) return port;
  return std::nullopt;
}

bool PortAssignor::add_block(Instant now, ExternalAddress& external, Subscriber& subscriber) {
  if (subscriber.blocks.size() >= config_.blocks_per_host) return false;
  const auto free = std::ranges::find_if(external.blocks, [&](const Loan& block) {
    return block.is_free_for(subscriber.address, now);
  });
  if (free == external.blocks.end()) return false;
  free->lend(subscriber.address);
  const auto block = static_cast<std::uint16_t>(free - external.blocks.begin());
  subscriber.blocks.push_back(block);
  emit_(PortBlockAssigned{info_of_block(external, subscriber, block)});
  return true;
}

/// RFC 7422 §2: at random within the host's share; when that is used up, from blocks of the rest,
/// which are told of.
std::optional<std::uint16_t> PortAssignor::deterministic_port(Instant now,
                                                              ExternalAddress& external,
                                                              Protocol protocol,
                                                              Subscriber& subscriber,
                                                              Parity parity) {
  const PortPool& pool = external.pools[index_of(protocol)];
  const PortRange own = shares_.share_of(subscriber.address)->ports;
  if (const auto port = random_port(pool, own, parity)) return port;
  if (const auto port = random_port(pool, own, Parity::any)) return port;
  if (external.blocks.empty()) return std::nullopt;
  return block_port(now, external, protocol, subscriber, parity);
}

PortBlock PortAssignor::info_of_block(const ExternalAddress& external, const Subscriber& subscriber,
                                      std::uint16_t block) const {
  const PortRange range = range_of_block(block);
  return {IpAddress::v4(subscriber.address), IpAddress::v4(external.address), range.first,
          range.last};
}

PortRange PortAssignor::range_of_block(std::uint16_t block) const {
  const std::uint32_t first = ports_of_blocks().first + std::uint32_t{block} * config_.block_size;
  return {static_cast<std::uint16_t>(first),
          static_cast<std::uint16_t>(first + config_.block_size - 1)};
}

/// RFC 4787 REQ-3a: 0-1023 goes to 0-1023 and the rest to the rest. Where the configured range has
/// none of a class, the range is all there is. Identifiers of ICMP have no classes.
PortRange PortAssignor::range_for(Protocol protocol, std::uint16_t inside_port) const {
  const PortRange whole = whole_range(protocol);
  if (protocol == Protocol::icmp) return whole;
  const bool well_known = inside_port <= last_well_known;
  const PortRange of_class = intersection(
      whole, well_known ? PortRange{1, last_well_known} : PortRange{last_well_known + 1, 65535});
  return of_class.empty() ? whole : of_class;
}

PortRange PortAssignor::whole_range(Protocol protocol) const {
  if (protocol == Protocol::icmp) return {0, 65535};
  return {config_.port_min, config_.port_max};
}

Parity PortAssignor::parity_for(Protocol protocol, std::uint16_t inside_port) const {
  if (!config_.parity || protocol == Protocol::icmp) return Parity::any;
  return inside_port % 2 == 0 ? Parity::even : Parity::odd;
}

}  // namespace stile::nat
