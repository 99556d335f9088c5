#include <algorithm>

#include "server/core/impl.hpp"

namespace stile::relay {

namespace {

Instant expiry_of(const PeerConnection& connection) {
  if (const auto* connecting = std::get_if<Connecting>(&connection.state))
    return connecting->expires;
  if (const auto* unbound = std::get_if<Unbound>(&connection.state)) return unbound->expires;
  return never;
}

}  // namespace

std::optional<PeerConnectionId> Relay::Impl::add_peer_connection(AllocationId owner,
                                                                 const TransportAddress& peer) {
  Allocation& allocation = *allocations.find(owner);
  const bool full = allocation.peer_connections.size() >= config->connections_per_allocation;
  if (full || !resources->take_connection(allocation.user)) return std::nullopt;
  const PeerConnectionId id = peer_connections.insert({owner, peer, 0, Bound{}});
  allocation.peer_connections.push_back(id);
  counters.peer_connections_now = peer_connections.size();
  return id;
}

void Relay::Impl::remove_peer_connection(PeerConnectionId id) {
  const PeerConnection& connection = *peer_connections.find(id);
  Allocation& allocation = *allocations.find(connection.owner);
  std::erase(allocation.peer_connections, id);
  resources->give_back_connection(allocation.user);
  by_connection_id.erase(connection.connection_id);
  peer_connections.erase(id);
  counters.peer_connections_now = peer_connections.size();
  commands.push_back(ClosePeer{id});
}

// RFC 6062 §5.5.
void Relay::Impl::remove_peer_connections(const Allocation& allocation, Family family) {
  const std::vector<PeerConnectionId> all = allocation.peer_connections;
  for (const PeerConnectionId id : all)
    if (peer_connections.find(id)->peer.family() == family) remove_peer_connection(id);
}

/// The connection is open: gives it the id that a ConnectionBind will name.
void Relay::Impl::await_bind(PeerConnectionId id) {
  PeerConnection& connection = *peer_connections.find(id);
  connection.connection_id = next_connection_id();
  by_connection_id.emplace(connection.connection_id, id);
  connection.state = Unbound{now + config->bind_timeout};
  peer_alarms.set(id, now + config->bind_timeout);
}

/// Random, so that nobody can guess it; its remainder tells in which of a server's cores the
/// connection is.
std::uint32_t Relay::Impl::next_connection_id() {
  const std::uint32_t choices = ~std::uint32_t{0} / core.count;
  for (;;) {
    const std::uint32_t id = random.below(choices) * core.count + core.index;
    if (id != 0 && !by_connection_id.contains(id)) return id;
  }
}

PeerConnection* Relay::Impl::connection_with(const Allocation& allocation,
                                             const TransportAddress& peer) {
  for (const PeerConnectionId id : allocation.peer_connections)
    if (PeerConnection* const connection = peer_connections.find(id); connection->peer == peer)
      return connection;
  return nullptr;
}

void Relay::Impl::expire(PeerConnectionId id) {
  const PeerConnection* const connection = peer_connections.find(id);
  if (!connection) return;
  if (const Instant expiry = expiry_of(*connection); expiry > now)
    return peer_alarms.set(id, expiry);
  if (std::holds_alternative<Connecting>(connection->state)) return connect_failed(id);
  remove_peer_connection(id);
}

void Relay::Impl::peer_closed(PeerConnectionId id) {
  if (peer_connections.find(id)) remove_peer_connection(id);
}

ReadAgain Relay::Impl::peer_data(PeerConnectionId id, std::size_t to_peer, std::size_t from_peer) {
  const PeerConnection* const connection = peer_connections.find(id);
  if (!connection) return {};
  Allocation& allocation = *allocations.find(connection->owner);
  for (Traffic* traffic : {&allocation.to_peers, &counters.to_peers}) traffic->bytes += to_peer;
  for (Traffic* traffic : {&allocation.from_peers, &counters.from_peers})
    traffic->bytes += from_peer;
  spend(allocation, Direction::to_peer, to_peer);
  spend(allocation, Direction::from_peer, from_peer);
  return {room_from(allocation, Direction::to_peer), room_from(allocation, Direction::from_peer)};
}

}  // namespace stile::relay
