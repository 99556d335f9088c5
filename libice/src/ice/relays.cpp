#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

void Agent::Impl::start_relay(Instant now, std::size_t socket, std::size_t server) {
  const TurnServer& configured = turn_servers[server];
  turn::Config relay_config{.server = configured.address,
                            .credentials = configured.credentials,
                            .family = sockets[socket].local.family()};
  relay_config.relays_tcp = sockets[socket].relays_tcp;
  relay_config.max_peers = config.max_remote_candidates;
  relay_config.retransmission = stun::evenly_spaced(config.rto);
  relay_config.retransmission.reliable = is_stream(configured.transport);
  auto relay =
      std::make_unique<Relay>(Relay{socket, server, turn::Client(std::move(relay_config), random)});
  // After a restart: one that was given back, or failed, is asked for anew from the same socket.
  const auto index = relay_at(socket, configured.address).value_or(relays.size());
  if (index == relays.size())
    relays.push_back(std::move(relay));
  else
    relays[index] = std::move(relay);
  relays[index]->client.allocate(now);
  drain_relay(now, index);
}

void Agent::Impl::add_relayed_candidate(Instant now, std::size_t index,
                                        const TransportAddress& relayed) {
  const Relay& relay = *relays[index];
  if (sockets[relay.socket].relays_tcp) return add_relayed_tcp_candidate(now, index, relayed);
  const std::size_t server_number = 1 + number_of_turn(relay.server);
  if (const auto candidate = add_local_candidate(CandidateType::relayed, relayed,
                                                 {relay.socket, index}, server_number))
    pair_local(now, *candidate);
}

void Agent::Impl::drain_relay(Instant now, std::size_t index) {
  Relay& relay = *relays[index];
  const Socket& socket = sockets[relay.socket];
  while (auto bytes = relay.client.poll_transmit())
    if (socket.status == Socket::Status::open)
      commands.push_back(SendDatagram{socket.id, relay.client.server(), std::move(*bytes)});
  while (const auto event = relay.client.poll_event()) handle_relay_event(now, index, *event);
}

void Agent::Impl::handle_relay_event(Instant now, std::size_t index, const turn::Event& event) {
  Relay& relay = *relays[index];
  const Socket socket = sockets[relay.socket];  // others may be added
  const std::size_t server_number = 1 + number_of_turn(relay.server);
  if (const auto* allocated = std::get_if<turn::Allocated>(&event)) {
    if (gathering_done && !watches_paths() &&
        !socket.newcomer) {  // too late to be of use: given back at once
      relay.client.close(now);
      return drain_relay(now, index);
    }
    if (gathering_done)
      release_relays_at = now + release_delay;  // it may take over; the peer need not be told of it
    relay.settled = true;
    servers_heard.insert(relay.client.server());
    if (sockets[relay.socket].transport == Transport::udp) {
      add_local_candidate(CandidateType::server_reflexive, allocated->mapped, {relay.socket, {}},
                          server_number);
      measure_nat(relay.socket, relay.client.server(), allocated->mapped);
    }
    add_relayed_candidate(now, index, allocated->relayed);
    finish_gathering_if_done(now);
  } else if (const auto* failed = std::get_if<turn::Failed>(&event)) {
    const bool goes_on = failed->alternate && !relay.settled && redirect(relay, *failed->alternate);
    // What does not relay TCP may relay UDP, which is asked for beside it.
    if (!goes_on && !socket.relays_tcp && (!relay.settled || state == State::checking))
      server_failed(relay.client.server(), failed->reason);
    relay.settled = true;
    lose(now, {relay.socket, index});
    finish_gathering_if_done(now);
  } else if (const auto* refused = std::get_if<turn::PermissionRefused>(&event)) {
    for (CandidatePair& pair : checklists.pairs())
      if (locals[pair.local].base.relay == index &&
          remotes[pair.remote].address.ip == refused->peer)
        fail(pair, PairProblem::relay_refuses, refused->error);
  } else if (const auto* offered = std::get_if<turn::ConnectionOffered>(&event)) {
    take_offer(index, *offered);
  }
}

std::optional<std::size_t> Agent::Impl::relay_at(std::size_t socket,
                                                 const TransportAddress& server) const {
  for (std::size_t i = 0; i < relays.size(); ++i)
    if (relays[i]->socket == socket && relays[i]->client.server() == server) return i;
  return std::nullopt;
}

/// Whether data goes by it, or may yet: on a pair that is still checked, or on one that was
/// selected before a better one and that the peer has not left (of two nominated pairs it may have
/// selected another one than we have).
bool Agent::Impl::is_in_use(Instant now, const Base& base) const {
  const auto keeps = [&](const Component& each) {
    return each.former && each.former->base == base;
  };
  if (std::ranges::any_of(components, keeps)) return true;
  return std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
    if (locals[pair.local].base != base) return false;
    const bool tried =
        pair.state != PairState::succeeded && std::ranges::any_of(pair.checks, &Check::retransmits);
    const bool backup = watches_paths() && &pair == relayed_backup(pair.component);
    return tried || backup || is_selected(pair) ||
           (pair.was_selected && now - pair.last_heard < config.consent_expiry);
  });
}

/// The best pair through a relay of ours that works, which would take over from a direct one.
const CandidatePair* Agent::Impl::relayed_backup(ComponentId number) const {
  const auto found = std::ranges::find_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return pair.component == number && pair.valid && pair.by_own_relay;
  });
  return found == checklists.pairs().end() ? nullptr : &*found;
}

// RFC 8445 §8.3.1: what is not part of a selected pair is given back, three seconds after all pairs
// are selected.
void Agent::Impl::release_unused(Instant now) {
  if (now < release_relays_at) return;
  release_relays_at = never;
  for (std::size_t i = 0; i < relays.size(); ++i) {
    if (!relays[i]->client.is_allocated()) continue;
    const Base base{relays[i]->socket, i};
    if (is_in_use(now, base)) {
      const auto selected = [&](const CandidatePair& pair) {
        return locals[pair.local].base == base && is_selected(pair);
      };
      if (std::ranges::none_of(checklists.pairs(), selected))
        release_relays_at = now + config.consent_expiry;
      continue;
    }
    relays[i]->client.close(now);
    drain_relay(now, i);
  }
  close_unused_sockets();
  close_unused_peer_connections();
  close_stun_connections();
  unmap_unused_ports();
}

}  // namespace stile::ice
