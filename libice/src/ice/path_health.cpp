#include <algorithm>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

namespace stile::ice {

namespace {
constexpr std::size_t max_open_probes =
    8;  ///< Limit: unanswered checks of one pair whose answers still count
constexpr int probes_until_patience_ends = 4;
constexpr std::ptrdiff_t enough_backups = 4;  ///< Limit: beyond them what comes late is not tried
}  // namespace

/// Whether another path takes over when the selected one is silent. The controlling side decides
/// it, by a numbered nomination: a peer that knows none would hold on to the pair of the highest
/// priority, dead or not.
bool Agent::Impl::watches_paths() const {
  return config.keep_backups && !config.lite && role == Role::controlling && remote &&
         remote->has_option("renomination") && state != State::failed && state != State::closed;
}

/// Data, a check, or an answer.
void Agent::Impl::heard_on(Instant now, CandidatePair& pair) {
  Component& owner = component(pair.component);
  if (owner.selected != pair.id) return;
  owner.last_heard = now;
  owner.doubted_since.reset();
  owner.next_probe = never;
  owner.quality.unanswered_since = never;
}

/// A check was sent on the selected pair: it is doubted until it answers, and asked again soon.
void Agent::Impl::await_answer(Instant now, Component& owner, const CandidatePair& pair) {
  if (!watches_paths()) return;
  owner.doubted_since = owner.doubted_since.value_or(now);
  owner.next_probe =
      now + std::max(config.path_patience / probes_until_patience_ends, 2 * pair.round_trip_time);
}

// Deviation: RFC 8445 §11: pairs that may take over are kept alive as the selected one is.
void Agent::Impl::watch_paths(Instant now) {
  if (!watches_paths()) return;
  for (std::size_t i = 0; i < components.size(); ++i) {
    Component& owner = components[i];
    CandidatePair* pair = owner.selected ? checklists.find(*owner.selected) : nullptr;
    if (!pair) continue;
    if (now >= owner.next_backup_check) {
      owner.next_backup_check = now + config.keepalive;
      check_backups(now, pair->component);
    }
    if (now < owner.next_probe) continue;
    const Duration silence = now - owner.doubted_since.value_or(now);
    if (silence >= std::max(config.path_patience, 4 * pair->round_trip_time))
      take_other_path(pair->component);
    check_backups(now, component_at(i));
    ask_on_selected(now, owner, *pair);
  }
  if (next_transaction <= now) fire_transactions(now);
}

/// All other pairs that have worked; who answers is alive.
void Agent::Impl::check_backups(Instant now, ComponentId number) {
  const auto selected = component(number).selected;
  for (CandidatePair& pair : checklists.pairs()) {
    if (pair.component != number || !pair.valid || pair.id == selected || pair.nominating) continue;
    if (pair.checks.size() >= max_open_probes) pair.checks.erase(pair.checks.begin());
    pair.checks.push_back(make_check(now, local, remote->credentials,
                                     priority_in_check(locals[pair.local].candidate), 0, false));
    pair.checks.back().retransmits = false;
    ++pair.checks_sent;
    send(base_of(pair), remotes[pair.remote].address, pair.checks.back().bytes);
  }
}

/// Of a component that has its pair: whether what the peer comes by now, or tells of now, is tried,
/// because it may be where the peer goes to when it loses the address that it has.
bool Agent::Impl::wants_backups(ComponentId number) const {
  return std::ranges::count_if(checklists.pairs(), [&](const CandidatePair& pair) {
           return pair.component == number && pair.state != PairState::failed;
         }) <= enough_backups;
}

/// The peer has asked on another pair than the selected one, as it does when it has lost that.
void Agent::Impl::suspect(Instant now, const CandidatePair& asked) {
  Component& owner = component(asked.component);
  if (!owner.selected || owner.selected == asked.id || owner.doubted_since || !watches_paths())
    return;
  if (now - owner.last_heard > config.path_patience / 2) owner.consent.next_check = now;
}

/// The best of those that have answered since the selected one did not.
void Agent::Impl::take_other_path(ComponentId number) {
  const Component& owner = component(number);
  const auto other = std::ranges::find_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return pair.component == number && pair.valid && pair.id != owner.selected &&
           !pair.nominating && owner.doubted_since && pair.confirmed > *owner.doubted_since;
  });
  if (other == checklists.pairs().end()) return;
  other->nominating = true;
  checklists.trigger(*other);
}

}  // namespace stile::ice
