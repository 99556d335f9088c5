#include "server/core/reconfiguration.hpp"

#include <cassert>

#include "server/core/impl.hpp"

namespace stile::relay {

namespace {

/// Calls `visit(flag, member)` for each field that cannot change.
template <class Visit>
void for_each_unchangeable(Visit&& visit) {
  visit("listen", &Config::own_addresses);
  visit("relay-address", &Config::relay_addresses);
  visit("relay-ports", &Config::relay_ports);
  visit("realm", &Config::realm);
  visit("behavior-discovery", &Config::behavior_discovery);
}

}  // namespace

std::vector<std::string_view> unchangeable(const Config& current, const Config& fresh) {
  std::vector<std::string_view> flags;
  for_each_unchangeable([&](std::string_view flag, auto member) {
    if (current.*member != fresh.*member) flags.push_back(flag);
  });
  return flags;
}

Config keeping_unchangeable(const Config& current, Config fresh) {
  for_each_unchangeable([&](std::string_view, auto member) { fresh.*member = current.*member; });
  return fresh;
}

/// What is made from now on goes by the new configuration. Of what there is only what has become
/// forbidden ends; lifetimes, and numbers above a new limit, stay until they are asked for again.
void Relay::Impl::reconfigure(std::shared_ptr<const Config> fresh) {
  assert(unchangeable(*config, *fresh).empty());
  config = std::move(fresh);
  resources->configure(*config);
  authentication = Authentication(*config, resources, random);
  clients = ClientGate(config->clients);
  gate = PeerGate(*config);
  unauthenticated = RateLimiter(config->unauthenticated, random);
  guesses = RateLimiter(config->guesses, random);
  end_denied_clients();
  allocations.for_each(
      [this](AllocationId, Allocation& allocation) { revoke_denied_peers(allocation); });
}

void Relay::Impl::end_denied_clients() {
  std::vector<AllocationId> denied;
  allocations.for_each([&](AllocationId id, const Allocation& allocation) {
    if (!clients.admits(allocation.five_tuple.client.ip)) denied.push_back(id);
  });
  for (const AllocationId id : denied) remove_allocation(id, EndReason::closed);
}

void Relay::Impl::revoke_denied_peers(Allocation& allocation) {
  const std::size_t permissions = allocation.permissions.size();
  const std::size_t channels = allocation.channels.size();
  drop_parts(allocation, [this](const auto& part) { return !gate.admits(part.peer); });
  counters.revoked_permissions += permissions - allocation.permissions.size();
  counters.revoked_channels += channels - allocation.channels.size();

  const std::vector<PeerConnectionId> all = allocation.peer_connections;
  for (const PeerConnectionId id : all)
    if (!gate.admits(peer_connections.find(id)->peer)) revoke(id);
}

/// Whoever waits for a Connect is answered as he would be now.
void Relay::Impl::revoke(PeerConnectionId id) {
  const auto* const connecting = std::get_if<Connecting>(&peer_connections.find(id)->state);
  if (connecting) refuse_later(connecting->asked, stun::ErrorNumber::forbidden);
  remove_peer_connection(id);
  ++counters.revoked_connections;
}

}  // namespace stile::relay
