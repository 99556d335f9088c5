#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

/// Until a pair is selected data takes the best that works (RFC 8445 §12.1.1); there is nothing to wait for.
void Agent::Impl::use_best_valid_pair(Instant now, ComponentId number) {
  Component& owner = component(number);
  const auto best = std::ranges::find_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return pair.component == number && pair.valid;
  });
  if (best == checklists.pairs().end()) return;
  owner.usable = best->id;
  if (best->relayed && !owner.relay_valid_since) owner.relay_valid_since = now;
  const bool all = std::ranges::all_of(components, [](const Component& each) { return each.usable.has_value(); });
  if (all && state == State::checking) set_state(State::connected);
}

/// When the last direct pair of the component has been tried often enough in vain: the past if none is left, `never`
/// while one has yet to be sent.
Instant Agent::Impl::direct_hope_ends(ComponentId number) const {
  Instant end = Instant::min();
  for (const CandidatePair& pair : checklists.pairs()) {
    if (pair.component != number || pair.relayed) continue;
    const bool untried = pair.state == PairState::waiting || pair.state == PairState::frozen;
    const bool trying = pair.state == PairState::in_progress;
    if (untried || (trying && pair.checks_sent < config.direct_attempts)) return never;
    if (trying) end = std::max(end, pair.last_sent + config.rto);
  }
  return end;
}

// RFC 8445 §8.1.1, regular nomination. A direct pair is nominated the moment it is valid. One through a relay carries data
// meanwhile, but may be nominated only once (§8.1.1), so the direct pairs get their chance first.
void Agent::Impl::nominate(Instant now) {
  if (role != Role::controlling || !remote) return;
  for (std::size_t i = 0; i < components.size(); ++i) {
    Component& owner = components[i];
    owner.nominate_at = never;
    CandidatePair* best = owner.usable && !owner.selected ? checklists.find(*owner.usable) : nullptr;
    // One at a time: if two were under way, each side might take another.
    const bool under_way = std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
      return pair.nominating && pair.component == component_at(i);
    });
    if (!best || under_way) continue;
    if (best->relayed) {
      const Instant patience_ends = *owner.relay_valid_since + config.direct_patience;
      const Instant ready = std::min(direct_hope_ends(best->component), patience_ends);
      if (ready > now) {
        owner.nominate_at = ready;
        continue;
      }
    }
    best->nominating = true;
    checklists.trigger(*best);
  }
  if (next_transaction <= now) fire_transactions(now);
}

// RFC 8445 §8.1.2 and §8.3.
void Agent::Impl::select(Instant now, CandidatePair& pair) {
  Component& owner = component(pair.component);
  owner.selected = pair.id;
  owner.usable = pair.id;
  owner.consent_until = now + config.consent_expiry;
  owner.next_consent_check = now + config.consent_interval;
  checklists.conclude(pair.component, pair.id);
  const Base& base = locals[pair.local].base;
  if (base.relay) {
    relays[*base.relay]->client.bind_channel(now, remotes[pair.remote].address);
    drain_relay(now, *base.relay);
  }
  events.push_back(PairSelected{pair.component, locals[pair.valid_local].candidate, remotes[pair.remote],
                                now - began.value_or(now), pair.round_trip_time});
  const bool all = std::ranges::all_of(components, [](const Component& each) { return each.selected.has_value(); });
  if (!all) return;
  set_state(State::completed);
  finish_gathering();  // RFC 8838 §13: after nomination no candidates are told
  release_relays_at = now + std::chrono::seconds(3);
}

void Agent::Impl::switch_role() {
  role = role == Role::controlling ? Role::controlled : Role::controlling;
  for (CandidatePair& pair : checklists.pairs()) pair.nominating = false;
  reprioritise();
}

}  // namespace stile::ice
