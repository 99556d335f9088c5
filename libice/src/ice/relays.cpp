#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

void Agent::Impl::start_relay(Instant now, std::size_t socket, std::size_t server) {
  const TurnServer& configured = config.turn_servers[server];
  turn::Config relay_config{.server = configured.address,
                            .credentials = configured.credentials,
                            .family = sockets[socket].local.family()};
  relay_config.max_peers = config.max_remote_candidates;
  relays.push_back(std::make_unique<Relay>(Relay{socket, server, turn::Client(std::move(relay_config), random)}));
  relays.back()->client.allocate(now);
  drain_relay(now, relays.size() - 1);
}

void Agent::Impl::drain_relay(Instant now, std::size_t index) {
  Relay& relay = *relays[index];
  while (auto bytes = relay.client.poll_transmit())
    commands.push_back(SendDatagram{sockets[relay.socket].id, relay.client.server(), std::move(*bytes)});
  while (const auto event = relay.client.poll_event()) handle_relay_event(now, index, *event);
}

void Agent::Impl::handle_relay_event(Instant now, std::size_t index, const turn::Event& event) {
  Relay& relay = *relays[index];
  const std::size_t server_number = 1 + config.stun_servers.size() + relay.server;
  if (const auto* allocated = std::get_if<turn::Allocated>(&event)) {
    if (gathering_done) {  // too late to be of use: given back at once
      relay.client.close(now);
      return drain_relay(now, index);
    }
    relay.settled = true;
    hear_server(now, relay.client.server());
    add_local_candidate(CandidateType::server_reflexive, allocated->mapped, {relay.socket, {}}, server_number);
    if (const auto relayed = add_local_candidate(CandidateType::relayed, allocated->relayed, {relay.socket, index},
                                               server_number))
      pair_local(now, *relayed);
    finish_gathering_if_done();
  } else if (const auto* failed = std::get_if<turn::Failed>(&event)) {
    if (!relay.settled || state == State::checking)
      server_failed(relay.client.server(), failed->error == 0 ? std::string(no_answer) : failed->reason);
    relay.settled = true;
    for (CandidatePair& pair : checklists.pairs())
      if (locals[pair.local].base.relay == index && !pair.valid) pair.state = PairState::failed;
    finish_gathering_if_done();
  } else if (const auto* refused = std::get_if<turn::PermissionRefused>(&event)) {
    for (CandidatePair& pair : checklists.pairs())
      if (locals[pair.local].base.relay == index && remotes[pair.remote].address.ip == refused->peer)
        pair.state = PairState::failed;
  }
}

std::optional<std::size_t> Agent::Impl::relay_at(std::size_t socket, const TransportAddress& server) const {
  for (std::size_t i = 0; i < relays.size(); ++i)
    if (relays[i]->socket == socket && relays[i]->client.server() == server) return i;
  return std::nullopt;
}

// RFC 8445 §8.3.1: what is not part of a selected pair is given back, three seconds after all pairs are selected.
void Agent::Impl::release_unused_relays(Instant now) {
  if (now < release_relays_at) return;
  release_relays_at = never;
  for (std::size_t i = 0; i < relays.size(); ++i) {
    const bool in_use = std::ranges::any_of(components, [&](const Component& each) {
      const CandidatePair* pair = each.selected ? checklists.find(*each.selected) : nullptr;
      return pair && locals[pair->local].base.relay == i;
    });
    if (in_use || !relays[i]->client.is_allocated()) continue;
    relays[i]->client.close(now);
    drain_relay(now, i);
  }
}

}  // namespace stile::ice
