#include <algorithm>

#include "nat/core/port_assignment.hpp"

namespace stile::nat {

PortRange PortAssignor::ports_of_blocks() const {
  if (config_.ports == PortAssignment::deterministic) return shares_.dynamic_ports();
  return intersection({first_unreserved_port, 65535}, {config_.port_min, config_.port_max});
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
  lend(external, subscriber, static_cast<std::size_t>(free - external.blocks.begin()));
  return true;
}

void PortAssignor::lend(ExternalAddress& external, Subscriber& subscriber, std::size_t number) {
  external.blocks[number].lend(subscriber.address);
  const auto block = static_cast<std::uint16_t>(number);
  subscriber.blocks.push_back(block);
  emit_(PortBlockAssigned{info_of_block(external, subscriber, block)});
}

void PortAssignor::lend_block_of(Instant now, Subscriber& subscriber, const Endpoint& wanted) {
  const bool from_blocks =
      config_.ports == PortAssignment::block || config_.ports == PortAssignment::deterministic;
  ExternalAddress& external = externals_[subscriber.external];
  const PortRange ports = ports_of_blocks();
  if (!from_blocks || external.address != wanted.address || !ports.contains(wanted.port)) return;
  const auto number = static_cast<std::size_t>(wanted.port - ports.first) / config_.block_size;
  if (number >= external.blocks.size() || subscriber.blocks.size() >= config_.blocks_per_host ||
      !external.blocks[number].is_free_for(subscriber.address, now))
    return;
  lend(external, subscriber, number);
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

}  // namespace stile::nat
