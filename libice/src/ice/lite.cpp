#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

// RFC 8445 §7.3.2: the address that the request came to and the one that it came from are the pair.
void Agent::Impl::take_nomination_as_lite(Instant now, const EarlyCheck& check) {
  const auto local_index = base_candidate(check.base);
  if (!local_index || !check.use_candidate || role != Role::controlled) return;
  if (!find_remote(component_of(check.base), check.from, Transport::udp) &&
      !may_learn_at(*local_index)) {
    ++counters.candidates_over_limit;
    return;
  }
  const std::size_t remote_index = learn_remote(now, check);
  CandidatePair* pair = checklists.find(*local_index, remote_index);
  if (!pair) pair = form_pair(now, *local_index, remote_index);
  if (!pair) return;
  pair->state = PairState::succeeded;
  pair->valid = true;
  pair->valid_local = *local_index;
  pair->nomination = std::max(pair->nomination, check.nomination);
  select(now, *pair);
}

/// RFC 8445 §8.2: between two lite agents nothing is checked. Both know all candidates and reckon
/// the same priorities, so the pair of the highest is the same for both.
void Agent::Impl::conclude_between_lites(Instant now) {
  if (!config.lite || !remote || !remote->lite || !remotes_done || !gathering_done) return;
  for (std::size_t i = 0; i < components.size(); ++i) {
    const auto best =
        std::ranges::find(checklists.pairs(), component_at(i), &CandidatePair::component);
    if (best == checklists.pairs().end())
      return set_state(State::failed, "no pair of candidates works");
    if (components[i].selected) continue;
    best->state = PairState::succeeded;
    best->valid = true;
    best->valid_local = best->local;
    select(now, *best);
  }
}

// RFC 8445 §11: Binding indications, for a lite agent asks for no consent (RFC 7675 §1), and a NAT
// may be on the way.
void Agent::Impl::keep_lite_paths_alive(Instant now) {
  if (now < next_keepalive) return;
  const bool over = state == State::failed || state == State::closed;
  next_keepalive = over ? never : now + config.keepalive;
  if (over) return;
  for (const Component& each : components)
    if (const CandidatePair* pair = each.selected ? checklists.find(*each.selected) : nullptr)
      send_keepalive(base_of(*pair), remotes[pair->remote].address);
}

}  // namespace stile::ice
