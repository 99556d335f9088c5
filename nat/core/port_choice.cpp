#include <algorithm>

#include "nat/core/port_assignment.hpp"

namespace stile::nat {

namespace {

constexpr std::uint16_t last_well_known = 1023;

}  // namespace

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
