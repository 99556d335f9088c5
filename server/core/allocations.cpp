#include <algorithm>
#include <cassert>

#include "server/core/impl.hpp"

namespace stile::relay {

AllocationId Relay::Impl::add_allocation(const Asked& asked, std::string_view user) {
  assert(!by_five_tuple.contains(asked.five_tuple) && "one 5-tuple, one allocation");
  const AllocationId id = allocations.insert({});
  Allocation& allocation = *allocations.find(id);
  allocation.five_tuple = asked.five_tuple;
  allocation.created_by = asked.transaction_id;
  allocation.created = now;
  allocation.user = user;
  allocation.network = network_of(asked.five_tuple.client.ip);
  allocation.user_bandwidth = &resources->bandwidth_of(user);
  by_five_tuple.emplace(asked.five_tuple, id);
  ++counters.allocations_created;
  counters.allocations_now = allocations.size();
  events.push_back(AllocationCreated{asked.five_tuple, allocation.user, {}, {}});
  return id;
}

void Relay::Impl::add_relayed(AllocationId id, RelaySocketId socket, Duration lifetime) {
  RelaySocket& relay_socket = *sockets.find(socket);
  relay_socket.owner = id;
  const TransportAddress address = external(relay_socket.local);
  const Instant expires = now + lifetime;
  allocations.find(id)->of(address.family()) = RelayedAddress{socket, address, expires};
  alarms.set(id, expires);
  auto& created = std::get<AllocationCreated>(events.back());
  (address.family() == Family::ipv4 ? created.relayed_v4 : created.relayed_v6) = address;
}

// RFC 8656 §8.1: the permissions and channels of the other family stay.
void Relay::Impl::remove_relayed(Allocation& allocation, Family family) {
  drop_parts(allocation, [&](const auto& part) { return part.peer.family() == family; });
  remove_peer_connections(allocation, family);
  if (const auto relayed = std::exchange(allocation.of(family), std::nullopt))
    close_socket(relayed->socket, allocation.user);
}

void Relay::Impl::remove_allocation(AllocationId id, EndReason reason) {
  Allocation& allocation = *allocations.find(id);
  events.push_back(AllocationEnded{allocation.five_tuple, allocation.user, reason,
                                   allocation.address(Family::ipv4),
                                   allocation.address(Family::ipv6), now - allocation.created,
                                   allocation.to_peers, allocation.from_peers});
  for (const Family family : {Family::ipv4, Family::ipv6}) remove_relayed(allocation, family);
  if (reason == EndReason::expired) ++counters.allocations_expired;
  forget_client(id, allocation.five_tuple);
  if (allocation.mobility && allocation.mobility->next)
    forget_client(id, *allocation.mobility->next);
  resources->give_back_quota(allocation.holder(), 1);
  allocations.erase(id);
  counters.allocations_now = allocations.size();
}

void Relay::Impl::close_socket(RelaySocketId socket, std::string_view user) {
  const TransportAddress local = sockets.find(socket)->local;
  resources->give_back_port(now, local.family(), local.port, user);
  sockets.erase(socket);
  commands.push_back(CloseRelaySocket{socket});
}

/// Nothing that comes from there is for this allocation any more. The five-tuple of a mobile client
/// whose connection has ended may be somebody else's by now.
void Relay::Impl::forget_client(AllocationId id, const FiveTuple& five_tuple) {
  const auto found = by_five_tuple.find(five_tuple);
  if (found == by_five_tuple.end() || found->second != id) return;
  by_five_tuple.erase(found);
  if (allocations.find(id)->mobility) commands.push_back(ReleaseClient{five_tuple});
}

void Relay::Impl::bind_flow(const Allocation& allocation, const ChannelBinding& binding) {
  const RelaySocketId socket = allocation.of(binding.peer.family())->socket;
  commands.push_back(BindFlow{allocation.five_tuple, binding.number, socket, binding.peer});
}

void Relay::Impl::unbind_flow(const Allocation& allocation, const ChannelBinding& binding) {
  const RelaySocketId socket = allocation.of(binding.peer.family())->socket;
  commands.push_back(UnbindFlow{allocation.five_tuple, binding.number, socket, binding.peer});
}

/// Takes out of an allocation what has had its time, and the allocation itself with its last
/// relayed address.
void Relay::Impl::expire(AllocationId id) {
  Allocation* const allocation = allocations.find(id);
  if (!allocation) return;
  const auto expired = [this](const auto& part) { return part.expires <= now; };
  if (allocation->expires() <= now) return remove_allocation(id, EndReason::expired);

  for (const Family family : {Family::ipv4, Family::ipv6})
    if (const auto& relayed = allocation->of(family); relayed && expired(*relayed))
      remove_relayed(*allocation, family);
  drop_parts(*allocation, expired);
  alarms.set(id, allocation->next_deadline());
}

Allocation* Relay::Impl::find(const FiveTuple& five_tuple) {
  const auto found = by_five_tuple.find(five_tuple);
  return found == by_five_tuple.end() ? nullptr : allocations.find(found->second);
}

std::expected<AllocationId, stun::ErrorNumber> Relay::Impl::allocation_of(
    const Request& request) const {
  const auto found = by_five_tuple.find(request.asked.five_tuple);
  if (found == by_five_tuple.end()) return std::unexpected(stun::ErrorNumber::allocation_mismatch);
  if (allocations.find(found->second)->user != request.user)
    return std::unexpected(stun::ErrorNumber::wrong_credentials);
  return found->second;
}

}  // namespace stile::relay
