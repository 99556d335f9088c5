#include "nat/core/port_assignment.hpp"

#include <algorithm>
#include <utility>

namespace stile::nat {

PortAssignor::PortAssignor(const Config& config, Random& random, Emit emit)
    : config_(config),
      random_(random),
      emit_(std::move(emit)),
      shares_(config),
      index_by_address_(random),
      held_(random),
      reserved_for_(random) {
  follow_config();
  if (config.reserves_tables) held_.reserve(config.max_ports_held);
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

Endpoint PortAssignor::take(ExternalAddress& external, Protocol protocol, std::uint16_t port) {
  external.pools[index_of(protocol)].take(port);
  external.last_given[index_of(protocol)] = port;
  return {external.address, port};
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

}  // namespace stile::nat
