#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

/// The host's addresses have changed, or may have. Make before break: what a lost address carried
/// goes on by another pair at once, a new address is gathered from and paired as a backup, and the
/// paths that stay are asked whether they still work (a route may have changed under them).
void Agent::Impl::take_local_addresses(Instant now, std::span<const IpAddress> addresses) {
  if (state == State::idle || state == State::closed || state == State::failed) return;
  const auto usable = usable_of(addresses);
  bool lost = false;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const Socket& socket = sockets[i];
    const bool bound = socket.status != Socket::Status::closed && !socket.local.ip.is_unspecified();
    if (!bound || std::ranges::find(usable, socket.local.ip) != usable.end()) continue;
    lose_socket(now, i);
    lost = true;
  }
  const std::size_t before = commands.size();
  open_sockets(usable);
  const bool gained = commands.size() > before;
  if (lost || gained) connect_to_servers();
  if (gained) addresses_changed = now, restart_told = false;
  if (lost && state == State::checking) no_failure_before = now + config.patience_with_no_path;
  ask_paths(now);
  if (!gathering_done) finish_gathering_if_done(now);
}

/// What left by it is lost, and with it what was relayed through it.
void Agent::Impl::lose_socket(Instant now, std::size_t index) {
  close_socket(sockets[index]);
  std::erase_if(servers_to_ask, [&](const auto& each) { return each.first == index; });
  std::erase_if(server_checks, [&](const ServerCheck& check) { return check.socket == index; });
  std::erase_if(early_checks, [&](const EarlyCheck& check) { return check.base.socket == index; });
  for (std::size_t i = 0; i < relays.size(); ++i) {
    if (relays[i]->socket != index) continue;
    relays[i]->settled = true;
    relays[i]->client.handle_disconnected("the address that it was asked from is gone");
    drain_relay(now, i);
  }
  lose(now, {index, {}});
}

/// A route may have changed under the selected pairs.
void Agent::Impl::ask_paths(Instant now) {
  for (Component& owner : components)
    if (owner.selected && !config.lite) owner.consent.next_check = now;
}

/// Which of the others still work is not known: they may have shared a route with the one that is
/// gone. All are asked, again and again until one is selected. The peer hears by it that something
/// has happened.
void Agent::Impl::ask_after_loss(Instant now) {
  for (std::size_t i = 0; i < components.size(); ++i) {
    Component& owner = components[i];
    if (!owner.lost_at || now < owner.next_probe) continue;
    owner.next_probe = never;
    if (!remote || config.lite || owner.selected || state == State::failed) continue;
    if (now == *owner.lost_at) revive(component_at(i));
    check_backups(now, component_at(i));
    owner.next_probe = now + config.path_patience / 4;
  }
}

/// What was not needed beside the pair that is gone is needed now.
void Agent::Impl::revive(ComponentId number) {
  for (CandidatePair& pair : checklists.pairs()) {
    const bool given_up =
        pair.state == PairState::failed &&
        (pair.problem == PairProblem::not_needed || pair.problem == PairProblem::no_answer);
    const Socket& socket = sockets[locals[pair.local].base.socket];
    if (pair.component == number && given_up && socket.status == Socket::Status::open)
      pair.state = PairState::waiting;
  }
}

bool Agent::Impl::has_answered_since_loss(const CandidatePair& pair) const {
  const auto& lost_at = component(pair.component).lost_at;
  return !lost_at || pair.confirmed > *lost_at;
}

}  // namespace stile::ice
