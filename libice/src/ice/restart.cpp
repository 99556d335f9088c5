#include <algorithm>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

namespace stile::ice {

/// What a component's data goes by now, or went by when a restart that has not come to an end yet
/// began.
std::optional<FormerPath> Agent::Impl::path_to_keep(Component& each) {
  const auto id = path_of(each);
  const CandidatePair* pair = id ? checklists.find(*id) : nullptr;
  if (!pair || !remote || state == State::failed) return std::move(each.former);
  return FormerPath{base_of(*pair),
                    remotes[pair->remote].address,
                    priority_in_check(locals[pair->local].candidate),
                    local,
                    remote->credentials,
                    std::move(each.consent)};
}

// RFC 8445 §9: all is flushed but the roles, and the paths that data goes by. Sockets and relayed
// addresses are used again.
void Agent::Impl::restart(Instant now, std::span<const IpAddress> addresses) {
  if (state == State::idle || state == State::closed) return;
  end_spraying();
  for (Socket& socket : sockets) socket.seen_as.clear(), socket.nat.reset();
  for (Component& each : components) {
    auto former = path_to_keep(each);
    each = Component{};
    each.former = std::move(former);
    if (each.former && each.former->consent.next_check == never && !config.lite)
      each.former->consent.next_check = now + config.consent_interval;
  }
  local = {random.ice_chars(8), random.ice_chars(24)};
  remote.reset();
  remotes.clear();
  remotes_done = false;
  early_checks.clear();
  reconnections.clear();
  checklists = ChecklistSet(config.streams, config.max_pairs);
  began.reset();
  no_failure_before = never;
  release_relays_at = never;
  restart_told = false;

  locals.clear();
  foundations.clear();
  server_checks.clear();
  servers_to_ask.clear();
  servers_heard.clear();
  servers_failed.clear();
  gathering_done = false;
  socket_problem.clear();
  set_state(State::gathering);
  gather(now, addresses);
}

}  // namespace stile::ice
