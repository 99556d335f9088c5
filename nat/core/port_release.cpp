#include "nat/core/port_assignment.hpp"

namespace stile::nat {

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

void PortAssignor::end_due(Instant now, std::size_t most) {
  for (std::size_t i = 0; i < most; ++i) {
    const auto due = held_.pop_due(now);
    if (!due) return;
    release(due->protocol, due->external);
  }
}

}  // namespace stile::nat
