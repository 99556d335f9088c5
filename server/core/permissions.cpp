#include <algorithm>

#include "server/core/impl.hpp"

namespace stile::relay {

using stun::ErrorNumber;

// RFC 8656 §10.2: all that the request names are installed or refreshed, or none.
Outcome Relay::Impl::create_permission(const Request& request) {
  const auto id = allocation_of(request);
  if (!id) return refuse(request, id.error());
  std::vector<IpAddress> peers;
  bool readable = true;
  request.message.for_each([&](const stun::AttributeView& attribute) {
    if (attribute.type != stun::AttributeType::xor_peer_address) return;
    const auto peer = stun::XorPeerAddress::parse(attribute.value, request.message);
    if (peer)
      peers.push_back(peer->address.ip);
    else
      readable = false;
  });
  if (peers.empty() || !readable) return refuse(request, ErrorNumber::bad_request);

  Allocation& allocation = *allocations.find(*id);
  for (const IpAddress& peer : peers)
    if (!allocation.of(peer.family()))
      return refuse(request, ErrorNumber::peer_address_family_mismatch);
  for (const IpAddress& peer : peers)
    if (!gate.admits(peer)) return refuse(request, ErrorNumber::forbidden);
  if (!has_room_for(allocation, peers)) return refuse(request, ErrorNumber::insufficient_capacity);

  for (const IpAddress& peer : peers) permit(*id, peer);
  Response response = success(request);
  return send(request, response);
}

/// Only those count that are not permitted yet: a client at the limit, or above a limit that is
/// new, can keep what it has.
bool Relay::Impl::has_room_for(Allocation& allocation, std::vector<IpAddress> peers) const {
  std::ranges::sort(peers);
  const auto repeated = std::ranges::unique(peers);
  peers.erase(repeated.begin(), repeated.end());
  const auto added = std::ranges::count_if(
      peers, [&](const IpAddress& peer) { return !allocation.permission(peer); });
  return added == 0 || allocation.permissions.size() + static_cast<std::size_t>(added) <=
                           config->permissions_per_allocation;
}

// RFC 8656 §9.
void Relay::Impl::permit(AllocationId id, const IpAddress& peer) {
  Allocation& allocation = *allocations.find(id);
  const Instant expires = now + config->permission_lifetime;
  if (Permission* const permission = allocation.permission(peer))
    permission->expires = expires;
  else
    allocation.permissions.push_back({peer, expires});
  alarms.set(id, expires);
}

}  // namespace stile::relay
