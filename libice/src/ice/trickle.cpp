#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

void Agent::Impl::set_remote_parameters(Instant now, RemoteParameters parameters) {
  if (remote || state == State::closed || state == State::failed) return;
  remote = std::move(parameters);
  // RFC 8445 §6.1.1: towards a lite agent the full one controls.
  if (remote->lite && role == Role::controlled) switch_role();
  began = now;
  no_failure_before = now + config.patience_with_no_path;
  set_state(State::checking);
  for (const EarlyCheck& check : std::exchange(early_checks, {})) trigger_check(now, check);
}

void Agent::Impl::add_remote_candidate(Instant now, Candidate candidate) {
  if (state == State::closed || remotes_done || candidate.transport != Transport::udp) return;
  const ComponentId where{candidate.stream, candidate.component};
  if (!has(where) || candidate.address.port == 0) return;
  // RFC 8838 §11.4: what a check has shown before the signalling told it keeps its pairs, and becomes what it is.
  if (const auto known = find_remote(where, candidate.address)) {
    if (remotes[*known].type != CandidateType::peer_reflexive) return;
    remotes[*known] = std::move(candidate);
    reprioritise();
    return pair_remote(now, *known);
  }
  if (remotes.size() >= config.max_remote_candidates) {
    ++counters.candidates_over_limit;
    return;
  }
  remotes.push_back(std::move(candidate));
  pair_remote(now, remotes.size() - 1);
}

void Agent::Impl::end_of_remote_candidates(Instant) { remotes_done = true; }

std::optional<std::size_t> Agent::Impl::find_remote(ComponentId component, const TransportAddress& address) const {
  for (std::size_t i = 0; i < remotes.size(); ++i)
    if (ComponentId(remotes[i].stream, remotes[i].component) == component && remotes[i].address == address) return i;
  return std::nullopt;
}

}  // namespace stile::ice
