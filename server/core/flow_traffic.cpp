#include <ranges>

#include "server/core/impl.hpp"

namespace stile::relay {

namespace {

void add(Traffic& sum, const Traffic& more) {
  sum.packets += more.packets;
  sum.bytes += more.bytes;
}

template <class Counts>
void add(Counts& counts, const Traffic& to_peer, const Traffic& from_peer) {
  add(counts.to_peers, to_peer);
  add(counts.from_peers, from_peer);
}

}  // namespace

void Relay::Impl::flow_traffic(const FiveTuple& five_tuple, RelaySocketId socket,
                               const Traffic& to_peer, const Traffic& from_peer) {
  add(counters, to_peer, from_peer);
  if (Allocation* const allocation = owner_of_flow(five_tuple, socket))
    return add(*allocation, to_peer, from_peer);
  for (Event& event : events | std::views::reverse)
    if (auto* const ended = std::get_if<AllocationEnded>(&event);
        ended && ended->five_tuple == five_tuple)
      return add(*ended, to_peer, from_peer);
}

/// A flow may outlive its five-tuple, when its client has moved, or its socket, when one family of
/// the allocation has ended.
Allocation* Relay::Impl::owner_of_flow(const FiveTuple& five_tuple, RelaySocketId socket) {
  if (const RelaySocket* const relay_socket = sockets.find(socket))
    return relay_socket->owner ? allocations.find(*relay_socket->owner) : nullptr;
  return find(five_tuple);
}

}  // namespace stile::relay
