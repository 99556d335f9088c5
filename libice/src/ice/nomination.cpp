#include <algorithm>
#include <cassert>

#include "ice/impl.hpp"

namespace stile::ice {

void Agent::Impl::use_best_valid_pair(Instant now, ComponentId number) {
  Component& owner = component(number);
  const auto is_valid = [&](const CandidatePair& pair) {
    return pair.component == number && pair.valid;
  };
  auto best = std::ranges::find_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return is_valid(pair) && has_answered_since_loss(pair);
  });
  if (best == checklists.pairs().end()) best = std::ranges::find_if(checklists.pairs(), is_valid);
  if (best == checklists.pairs().end()) return;
  owner.usable = best->id;
  if (best->relayed && !owner.relay_valid_since) {
    owner.relay_valid_since = now;
    ask_direct_pairs_again(now, *best);
  }
  const bool all = std::ranges::all_of(
      components, [](const Component& each) { return each.usable.has_value(); });
  if (all && state == State::checking) set_state(State::connected);
}

/// A pair through a relay when the direct ones have had their chance; a direct one when those above
/// it that have just been asked could have answered, so that of several that work the best is
/// taken, however busy the machine.
Instant Agent::Impl::may_be_nominated_at(const Component& owner, const CandidatePair& pair) const {
  if (pair.relayed)
    return std::min(direct_hope_ends(pair.component),
                    *owner.relay_valid_since + patience_for_direct(pair));
  const bool better_may_answer =
      std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& other) {
        const bool asked = other.state == PairState::waiting ||
                           (other.state == PairState::in_progress && other.checks_sent <= 1);
        return asked && other.component == pair.component && other.priority > pair.priority;
      });
  // RFC 6544 §4.2: UDP is preferred, and may have lost its first check.
  if (pair.tcp && udp_is_tried(pair.component)) return pair.confirmed + config.rto;
  return better_may_answer ? pair.confirmed + config.direct_grace / 2 + pair.round_trip_time
                           : Instant::min();
}

bool Agent::Impl::udp_is_tried(ComponentId number) const {
  return std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
    const bool tried = pair.state == PairState::waiting || pair.state == PairState::in_progress;
    return tried && pair.component == number && !pair.tcp && !pair.relayed;
  });
}

/// A relay is further away than the peer. Direct checks that could have been answered before it was
/// are lost, or came before the peer had opened its NAT.
// Deviation: RFC 8445 §14.3: that is sooner than RTO, once for each pair.
void Agent::Impl::ask_direct_pairs_again(Instant now, const CandidatePair& relayed) {
  for (CandidatePair& pair : checklists.pairs()) {
    const bool overdue = pair.state == PairState::in_progress && pair.checks_sent == 1 &&
                         now - pair.last_sent >= relayed.round_trip_time;
    if (overdue && pair.component == relayed.component && !pair.relayed && !pair.tcp)
      checklists.trigger(pair);
  }
}

/// Whether a direct pair may lack no more than what was lost: the peer has asked on it, or other
/// requests had to be sent again before they were answered.
bool Agent::Impl::direct_checks_are_lost(ComponentId number) const {
  const bool peer_asks = std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
    return pair.component == number && !pair.relayed && pair.checks_received > 0;
  });
  return peer_asks || late_answers > 0 || std::ranges::any_of(relays, [](const auto& relay) {
           return relay->client.late_answers() > 0;
         });
}

/// How long a valid pair through a relay is not nominated yet. A peer that goes on after a
/// nomination answers a direct pair's check later, too; any other would be bound to the relay.
/// Where packets are lost, a direct check is sent again before.
Duration Agent::Impl::patience_for_direct(const CandidatePair& relayed) const {
  if (!remote->has_option("renomination")) return config.direct_patience;
  const auto direct = std::ranges::count_if(
      checklists.pairs(), [&](const CandidatePair& pair) { return !pair.relayed; });
  const Duration retransmission =
      direct_checks_are_lost(relayed.component) ? config.rto : Duration::zero();
  return config.direct_grace + retransmission + relayed.round_trip_time + pace() * direct;
}

/// When the last direct pair of the component has been tried often enough in vain: the past if none
/// is left, `never` while one has yet to be sent.
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

// RFC 8445 §8.1.1. The best pair is nominated the moment it is valid, and a better one the moment
// that it is. Deviation: RFC 8445 §8.1.1: more than one pair may be nominated, each of a higher
// priority than the last, so that nothing has to be waited for; agents must select the highest
// then.
void Agent::Impl::nominate(Instant now) {
  if (role != Role::controlling || !remote || config.lite) return;
  for (std::size_t i = 0; i < components.size(); ++i) {
    Component& owner = components[i];
    owner.nominate_at = never;
    CandidatePair* best = owner.usable ? checklists.find(*owner.usable) : nullptr;
    if (!best || best->nominating || owner.selected == best->id) continue;
    if (!has_answered_since_loss(*best)) continue;
    const CandidatePair* selected = owner.selected ? checklists.find(*owner.selected) : nullptr;
    if (selected && (!selected->relayed || best->priority <= selected->priority)) continue;
    // One at a time: if two were under way, each side might take another. A direct pair need not
    // wait for a relayed one.
    const bool under_way = std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
      return pair.nominating && pair.id != owner.selected && pair.component == best->component &&
             (!pair.relayed || best->relayed);
    });
    if (under_way) continue;
    const Instant ready = may_be_nominated_at(owner, *best);
    if (ready > now) {
      owner.nominate_at = ready;
      continue;
    }
    best->nominating = true;
    checklists.trigger(*best);
  }
  if (next_transaction <= now) fire_transactions(now);
}

/// When its nomination has gone unanswered for as long as a selected path may be silent; `never` if
/// none is under way.
Instant Agent::Impl::nomination_doubted_at(const CandidatePair& pair) const {
  const auto sent =
      std::ranges::find(pair.checks.rbegin(), pair.checks.rend(), true, &Check::use_candidate);
  if (!pair.nominating || sent == pair.checks.rend()) return never;
  return sent->timer.first_sent() + std::max(config.path_patience, 4 * pair.round_trip_time);
}

/// The peer may have lost what the pair leads to since it answered. All that are valid are asked
/// then, and the best one that answers is nominated, be it the same again; a late answer to the
/// nomination still counts.
void Agent::Impl::doubt_nominations(Instant now) {
  for (CandidatePair& pair : checklists.pairs()) {
    Component& owner = component(pair.component);
    if (owner.selected || now < nomination_doubted_at(pair)) continue;
    pair.nominating = false;
    owner.lost_at = owner.next_probe = now;
  }
}

/// Whether the pair, were it nominated, would be selected in place of this one: the later
/// nomination if they are numbered, else the higher priority (RFC 8445 §8.1.1).
bool Agent::Impl::outranks(const CandidatePair& pair, std::optional<PairId> selected) {
  const CandidatePair* other = selected ? checklists.find(*selected) : nullptr;
  if (!other || other->id == pair.id) return other == nullptr;
  return pair.nomination != other->nomination && pair.nomination != 0
             ? pair.nomination > other->nomination
             : pair.priority > other->priority;
}

// RFC 8445 §8.1.2.
void Agent::Impl::select(Instant now, CandidatePair& pair) {
  Component& owner = component(pair.component);
  assert(pair.valid && "what is selected has worked");
  if (!outranks(pair, owner.selected)) return;
  owner.selected = pair.id;
  pair.was_selected = true;
  owner.usable = owner.usable.value_or(pair.id);
  owner.former.reset();
  owner.lost_at.reset();
  owner.consent = {config.lite ? never : now + config.consent_expiry,
                   config.lite ? never : now + config.consent_interval,
                   {}};
  heard_on(now, pair);
  begin_quality(pair.component, pair.round_trip_time);
  owner.next_backup_check = now + config.keepalive;
  checklists.conclude(pair.component, pair.id, watches_paths());
  const Base base = base_of(pair);
  if (base.relay) {
    relays[*base.relay]->client.bind_channel(now, remotes[pair.remote].address);
    drain_relay(now, *base.relay);
  }
  events.push_back(PairSelected{pair.component, locals[pair.valid_local].candidate,
                                remotes[pair.remote], now - began.value_or(now),
                                pair.round_trip_time});
  settle(now);
}

// RFC 8445 §8.3.
void Agent::Impl::settle(Instant now) {
  const bool all = std::ranges::all_of(
      components, [](const Component& each) { return each.selected.has_value(); });
  if (!all) return;
  set_state(State::completed);
  if (is_settled()) finish_gathering(now);  // RFC 8838 §13: after nomination no candidates are told
  release_relays_at = now + release_delay;
}

/// Whether it has a direct pair, than which none better is looked for.
bool Agent::Impl::is_done(const Component& owner) const {
  if (!owner.selected) return false;
  const auto pair = std::ranges::find(checklists.pairs(), *owner.selected, &CandidatePair::id);
  return pair != checklists.pairs().end() && !pair->relayed;
}

bool Agent::Impl::is_settled() const {
  return std::ranges::all_of(components, [this](const Component& each) { return is_done(each); });
}

bool Agent::Impl::is_selected(const CandidatePair& pair) const {
  return component(pair.component).selected == pair.id;
}

/// What the pairs left from is gone. Data goes on by the best pair that still works, which the
/// controlling side nominates then.
void Agent::Impl::lose(Instant now, const Base& base) {
  for (CandidatePair& pair : checklists.pairs()) {
    if (base_of(pair) != base) continue;
    fail(pair, PairProblem::base_lost);
    checklists.forget_triggers(pair.id);
    pair.connection = 0;
    pair.valid = pair.nominating = pair.to_be_nominated = false;
    pair.checks.clear();
  }
  for (std::size_t i = 0; i < components.size(); ++i) {
    Component& owner = components[i];
    if (owner.former && owner.former->base == base) owner.former.reset();
    const auto is_gone = [&](std::optional<PairId> id) {
      const CandidatePair* pair = id ? checklists.find(*id) : nullptr;
      return pair && !pair->valid;
    };
    const bool was_selected = is_gone(owner.selected);
    const bool was_used = is_gone(owner.usable);
    if (was_used) owner.usable.reset();
    if (!was_selected && !was_used) continue;
    if (was_selected) {
      owner.selected.reset();
      owner.consent.next_check = owner.consent.next_retry = never;
      owner.doubted_since.reset();
      owner.lost_at = owner.next_probe = now;
    }
    use_best_valid_pair(now, component_at(i));
    if (owner.usable || state == State::failed || state == State::closed) continue;
    set_state(State::checking);  // until it is clear that nothing else works
    no_failure_before = now;
  }
  nominate(now);
}

void Agent::Impl::switch_role() {
  role = role == Role::controlling ? Role::controlled : Role::controlling;
  for (CandidatePair& pair : checklists.pairs()) pair.nominating = false;
  reprioritise();
}

}  // namespace stile::ice
