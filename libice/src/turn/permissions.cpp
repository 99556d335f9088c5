#include <algorithm>
#include <utility>

#include "stile/turn/client.hpp"

namespace stile::turn {

namespace {
/// RFC 8656 §9: a permission lasts five minutes; it is renewed a minute earlier.
constexpr Duration permission_renewal = std::chrono::minutes(4);
/// So that the request is no longer than any path carries (RFC 8489 §6.1).
constexpr std::size_t max_renewals = 16;
}  // namespace

void Client::permit(Instant now, const IpAddress& peer) {
  if (find_permission(peer)) return;
  if (peer.family() != config_.family || permissions_.size() >= config_.max_peers) {
    const auto error = peer.family() != config_.family
                           ? stun::ErrorNumber::peer_address_family_mismatch
                           : stun::ErrorNumber::insufficient_capacity;
    events_.push_back(PermissionRefused{peer, static_cast<std::uint16_t>(error)});
    return;
  }
  permissions_.push_back({peer, false, false, now});
  if (allocation_) request_permissions(now);
}

bool Client::is_permitted(const IpAddress& peer) const {
  const auto found = std::ranges::find(permissions_, peer, &Permission::peer);
  return allocation_ && found != permissions_.end() && found->granted;
}

/// Those that are due are renewed together (RFC 8656 §10.1). Each one not granted before is asked
/// for by itself: a peer that the server refuses must not take others with it.
void Client::request_permissions(Instant now) {
  PermissionRequest renewals;
  for (Permission& permission : permissions_) {
    if (permission.in_flight || permission.refresh_at > now) continue;
    permission.in_flight = true;
    if (!permission.granted) {
      start(now, PermissionRequest{{permission.peer}});
      continue;
    }
    renewals.peers.push_back(permission.peer);
    if (renewals.peers.size() == max_renewals) start(now, std::exchange(renewals, {}));
  }
  if (!renewals.peers.empty()) start(now, std::move(renewals));
}

void Client::succeed(Instant now, const PermissionRequest& request, const stun::MessageView&) {
  for (const IpAddress& peer : request.peers) {
    Permission* permission = find_permission(peer);
    if (!permission) continue;
    permission->in_flight = false;
    permission->refresh_at = now + permission_renewal;
    if (!std::exchange(permission->granted, true)) events_.push_back(PermissionGranted{peer});
  }
}

void Client::refuse(Instant, const PermissionRequest& request, std::uint16_t error,
                    const std::string& reason) {
  // RFC 8656 §5: 437 says that the server knows no such allocation.
  if (error == static_cast<std::uint16_t>(stun::ErrorNumber::allocation_mismatch))
    return fail(error, reason);
  for (const IpAddress& peer : request.peers) drop_permission(peer, error);
}

Client::Permission* Client::find_permission(const IpAddress& peer) {
  const auto found = std::ranges::find(permissions_, peer, &Permission::peer);
  return found == permissions_.end() ? nullptr : &*found;
}

void Client::drop_permission(const IpAddress& peer, std::uint16_t error) {
  std::erase_if(permissions_,
                [&](const Permission& permission) { return permission.peer == peer; });
  events_.push_back(PermissionRefused{peer, error});
}

}  // namespace stile::turn
