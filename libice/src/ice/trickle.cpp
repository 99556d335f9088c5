#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {

/// RFC 8838 §9: a candidate may name the ufrag that it belongs to ("ufrag" in its line), and is
/// taken at its word: what a restart has overtaken is of no use.
bool is_of_another_session(const Candidate& candidate, const std::optional<Parameters>& remote) {
  const auto said =
      std::ranges::find(candidate.extensions, "ufrag", [](const auto& each) { return each.first; });
  return remote && said != candidate.extensions.end() && said->second != remote->credentials.ufrag;
}

}  // namespace

void Agent::Impl::set_remote_parameters(Instant now, Parameters parameters) {
  if (remote || state == State::closed || state == State::failed) return;
  remote = std::move(parameters);
  // RFC 8445 §6.1.1: of a full and a lite agent the full one controls.
  const Role due = config.lite ? Role::controlled : Role::controlling;
  if (remote->lite != config.lite && role != due) switch_role();
  began = now;
  no_failure_before = now + config.patience_with_no_path;
  plan_spraying();
  set_state(State::checking);
  for (const EarlyCheck& check : std::exchange(early_checks, {})) trigger_check(now, check);
  conclude_between_lites(now);
}

void Agent::Impl::add_remote_candidate(Instant now, Candidate candidate) {
  if (state == State::closed || remotes_done) return;
  if (candidate.transport != Transport::udp && (!config.tcp || !tcp_type_of(candidate))) return;
  const ComponentId where{candidate.stream, candidate.component};
  if (!has(where) || candidate.address.port == 0 || is_of_another_session(candidate, remote))
    return;
  // RFC 8838 §11.4: what a check has shown before the signalling told it keeps its pairs, and
  // becomes what it is.
  if (const auto known = find_remote(where, candidate.address, candidate.transport)) {
    if (remotes[*known].type != CandidateType::peer_reflexive) {
      if (!nat_of(candidate)) return;
      remotes[*known].extensions = std::move(candidate.extensions);
      return plan_spraying();
    }
    remotes[*known] = std::move(candidate);
    reprioritise();
    return pair_remote(now, *known);
  }
  if (remotes.size() >= config.max_remote_candidates) {
    ++counters.candidates_over_limit;
    return;
  }
  remotes.push_back(std::move(candidate));
  plan_spraying();
  pair_remote(now, remotes.size() - 1);
}

void Agent::Impl::end_of_remote_candidates(Instant now) {
  remotes_done = true;
  conclude_between_lites(now);
}

std::optional<std::size_t> Agent::Impl::find_remote(ComponentId component,
                                                    const TransportAddress& address,
                                                    Transport transport) const {
  for (std::size_t i = 0; i < remotes.size(); ++i)
    if (ComponentId(remotes[i].stream, remotes[i].component) == component &&
        remotes[i].address == address && remotes[i].transport == transport)
      return i;
  return std::nullopt;
}

}  // namespace stile::ice
