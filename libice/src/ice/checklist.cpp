#include "ice/checklist.hpp"

#include <algorithm>
#include <tuple>

namespace stile::ice {

namespace {

/// RFC 8445 §6.1.2.6: which of two pairs of one foundation is tried first.
bool comes_first(const CandidatePair& a, const CandidatePair& b) {
  const auto place = [](const CandidatePair& pair) {
    return std::tuple(pair.component.stream, pair.component.component);
  };
  return place(a) != place(b) ? place(a) < place(b) : a.priority > b.priority;
}

}  // namespace

CandidatePair* ChecklistSet::insert(CandidatePair pair, std::uint64_t& dropped) {
  pair.id = ++last_id_;
  pair.state = began_ ? state_of_newcomer(pair) : PairState::frozen;
  if (pairs_.size() >= max_pairs_) {
    ++dropped;
    if (!make_room(pair)) return nullptr;
  }
  const auto place = std::ranges::find_if(
      pairs_, [&](const CandidatePair& other) { return other.priority < pair.priority; });
  return &*pairs_.insert(place, std::move(pair));
}

// RFC 8445 §6.1.2.6, step 4: of each foundation one pair is Waiting, all others are Frozen.
void ChecklistSet::set_initial_states() {
  for (CandidatePair& pair : pairs_) {
    const bool first = std::ranges::none_of(pairs_, [&](const CandidatePair& other) {
      return other.foundation == pair.foundation && comes_first(other, pair);
    });
    if (pair.state == PairState::frozen || pair.state == PairState::waiting)
      pair.state = first ? PairState::waiting : PairState::frozen;
  }
}

// RFC 8838 §12, rules 1 to 3.
PairState ChecklistSet::state_of_newcomer(const CandidatePair& pair) const {
  bool topmost = true;
  for (const CandidatePair& other : pairs_) {
    if (other.foundation != pair.foundation) continue;
    if (other.state == PairState::succeeded) return PairState::waiting;
    topmost = topmost && !comes_first(other, pair);
  }
  return topmost ? PairState::waiting : PairState::frozen;
}

// RFC 8838 §10, step 6, and RFC 8445 §6.1.2.5: evenly, so from the longest of the checklists.
bool ChecklistSet::make_room(CandidatePair& newcomer) {
  std::vector<std::size_t> lengths(checklists_.size());
  for (const CandidatePair& pair : pairs_) ++lengths[pair.component.stream - 1u];
  ++lengths[newcomer.component.stream - 1u];
  const auto longest =
      static_cast<std::uint16_t>(std::ranges::max_element(lengths) - lengths.begin() + 1);
  auto victim = pairs_.end();
  for (auto pair = pairs_.begin(); pair != pairs_.end(); ++pair) {
    const bool failed = pair->state == PairState::failed && !pair->valid;
    const bool failed_before = victim != pairs_.end() && victim->state == PairState::failed;
    if (!pair->valid && pair->component.stream == longest && (failed || !failed_before))
      victim = pair;
  }
  if (victim == pairs_.end()) return false;
  if (victim->state != PairState::failed && victim->component.stream == newcomer.component.stream &&
      victim->priority >= newcomer.priority)
    return false;
  forget_triggers(victim->id);
  pairs_.erase(victim);
  return true;
}

CandidatePair* ChecklistSet::find(PairId id) {
  const auto found = std::ranges::find(pairs_, id, &CandidatePair::id);
  return found == pairs_.end() ? nullptr : &*found;
}

CandidatePair* ChecklistSet::find(std::size_t local, std::size_t remote) {
  const auto found = std::ranges::find_if(pairs_, [&](const CandidatePair& pair) {
    return pair.local == local && pair.remote == remote;
  });
  return found == pairs_.end() ? nullptr : &*found;
}

void ChecklistSet::sort() {
  std::ranges::stable_sort(pairs_, std::ranges::greater{}, &CandidatePair::priority);
}

void ChecklistSet::trigger(CandidatePair& pair) {
  auto& triggered = checklist_of(pair).triggered;
  if (std::ranges::find(triggered, pair.id) == triggered.end()) triggered.push_back(pair.id);
}

bool ChecklistSet::foundation_is_active(const std::string& foundation) const {
  return std::ranges::any_of(pairs_, [&](const CandidatePair& pair) {
    return pair.foundation == foundation &&
           (pair.state == PairState::waiting || pair.state == PairState::in_progress);
  });
}

// RFC 8445 §6.1.4.2, step 2: when nothing waits in the checklist, a frozen pair whose foundation
// nobody is trying becomes Waiting.
void ChecklistSet::thaw(std::size_t stream) {
  const auto ours = [&](const CandidatePair& pair) { return pair.component.stream == stream + 1; };
  const bool some_wait = std::ranges::any_of(pairs_, [&](const CandidatePair& pair) {
    return ours(pair) && pair.state == PairState::waiting;
  });
  if (some_wait) return;
  for (CandidatePair& pair : pairs_)
    if (ours(pair) && pair.state == PairState::frozen && !foundation_is_active(pair.foundation))
      pair.state = PairState::waiting;
}

void ChecklistSet::unfreeze(const std::string& foundation) {
  for (CandidatePair& pair : pairs_)
    if (pair.state == PairState::frozen && pair.foundation == foundation)
      pair.state = PairState::waiting;
}

// Deviation: RFC 8445 §8.1.2: while the selected pair is one through a relay, pairs above it go on,
// so that the session ends on a direct path without a restart; of several nominated pairs the
// highest counts (§8.1.1).
void ChecklistSet::conclude(ComponentId component, PairId selected, bool backups) {
  const CandidatePair* winner = find(selected);
  const auto kept = winner && backups ? backups_of(*winner) : std::vector<PairId>{};
  for (CandidatePair& pair : pairs_) {
    if (pair.component != component || pair.id == selected) continue;
    if (winner && winner->relayed && pair.priority > winner->priority) continue;
    if (std::ranges::find(kept, pair.id) != kept.end()) continue;
    for (Check& check : pair.checks) check.retransmits = false;
    if (pair.state == PairState::waiting || pair.state == PairState::frozen)
      fail(pair, PairProblem::not_needed);
    forget_triggers(pair.id);
  }
}

/// Two direct pairs with another end than the winner's, those first that share neither with it, and
/// one through our own relay.
std::vector<PairId> ChecklistSet::backups_of(const CandidatePair& winner) const {
  constexpr std::size_t direct_ones = 2;
  std::vector<PairId> direct;
  std::vector<PairId> sharing;
  std::vector<PairId> relayed;
  for (const CandidatePair& pair : pairs_) {
    if (pair.component != winner.component || pair.id == winner.id ||
        pair.state == PairState::failed)
      continue;
    const bool other_local = pair.local != winner.local;
    const bool other_remote = pair.remote != winner.remote;
    if (!pair.relayed && (other_local || other_remote))
      (other_local && other_remote ? direct : sharing).push_back(pair.id);
    if (pair.by_own_relay && !winner.by_own_relay && relayed.empty()) relayed.push_back(pair.id);
  }
  direct.insert(direct.end(), sharing.begin(), sharing.end());
  direct.resize(std::min(direct.size(), direct_ones));
  direct.insert(direct.end(), relayed.begin(), relayed.end());
  return direct;
}

void ChecklistSet::forget_triggers(PairId id) {
  for (Checklist& checklist : checklists_) std::erase(checklist.triggered, id);
}

void ChecklistSet::clear() {
  pairs_.clear();
  for (Checklist& checklist : checklists_) checklist.triggered.clear();
}

}  // namespace stile::ice
