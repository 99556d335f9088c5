#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {

struct Match {
  CandidatePair* pair;
  Check check;
};

/// The check that the response answers, taken off its pair.
std::optional<Match> take_check(ChecklistSet& checklists, const stun::TransactionId& id) {
  for (CandidatePair& pair : checklists.pairs()) {
    const auto found = std::ranges::find(pair.checks, id, &Check::id);
    if (found == pair.checks.end()) continue;
    Match match{&pair, std::move(*found)};
    pair.checks.erase(found);
    return match;
  }
  return std::nullopt;
}

CandidatePair* pair_with_check(ChecklistSet& checklists, const stun::TransactionId& id) {
  const auto found = std::ranges::find_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return std::ranges::find(pair.checks, id, &Check::id) != pair.checks.end();
  });
  return found == checklists.pairs().end() ? nullptr : &*found;
}

}  // namespace

// RFC 8445 §7.2.5.
void Agent::Impl::take_response(Instant now, const Base& base, const TransportAddress& from,
                                const stun::MessageView& message) {
  if (take_consent_response(now, message)) return;
  CandidatePair* const asked = pair_with_check(checklists, message.transaction_id());
  if (!asked || !remote ||
      !stun::verify_message_integrity(message, stun::short_term_key(remote->credentials.pwd))) {
    if (asked) ++asked->unsigned_answers;
    ++counters.unmatched_responses;
    return;
  }
  auto [pair, check] = *take_check(checklists, message.transaction_id());
  ++pair->responses_received;
  if (message.message_class() == stun::Class::error_response)
    return take_error(now, *pair, check, message);

  // §7.2.5.2.1: the answer comes from where the request went, to where it left from.
  const bool symmetric = base == base_of(*pair) && from == remotes[pair->remote].address;
  const auto mapped = message.get<stun::XorMappedAddress>();
  if (!symmetric || !mapped) {
    if (pair->state != PairState::succeeded) fail(*pair, PairProblem::asymmetric);
    return;
  }
  take_success(now, *pair, check, mapped->address);
}

// RFC 8445 §7.2.5.3.
void Agent::Impl::take_success(Instant now, CandidatePair& pair, const Check& check,
                               const TransportAddress& mapped) {
  const LocalCandidate& ours = locals[pair.local];
  const auto known = std::ranges::find_if(locals, [&](const LocalCandidate& other) {
    return other.candidate.address == mapped &&
           other.candidate.transport == ours.candidate.transport &&
           component_of(other.base) == component_of(ours.base);
  });
  if (known != locals.end()) {
    pair.valid_local = static_cast<std::size_t>(known - locals.begin());
  } else {
    pair.valid_local = add_peer_reflexive_local(mapped, pair.local);
  }
  // An answer to a retransmitted request may belong to an earlier sending: then the time says
  // nothing.
  if (check.timer.sent_count() == 1) {
    pair.round_trip_time = now - check.timer.first_sent();
    pair.total_round_trip_time += pair.round_trip_time;
  } else {
    ++late_answers;
  }
  // A nomination that is under way goes on: this may be the late answer to an ordinary check.
  for (Check& other : pair.checks) other.retransmits = other.retransmits && other.use_candidate;
  pair.state = PairState::succeeded;
  pair.valid = true;
  pair.confirmed = now;
  heard_on(now, pair);
  checklists.unfreeze(pair.foundation);

  Component& owner = component(pair.component);
  if (!owner.selected || owner.selected == pair.id)
    owner.consent.until = now + config.consent_expiry;
  const bool by_us = check.use_candidate && role == Role::controlling;
  if (by_us) {
    pair.nomination = check.nomination;
    pair.nominating = false;
  }
  use_best_valid_pair(now, pair.component);
  if (by_us || pair.to_be_nominated) select(now, pair);
  nominate(now);
}

// RFC 8445 §7.2.5.1 and §7.2.5.2.
void Agent::Impl::take_error(Instant now, CandidatePair& pair, const Check& check,
                             const stun::MessageView& message) {
  const auto error = message.get<stun::ErrorCode>();
  const bool conflict =
      error && error->number == static_cast<std::uint16_t>(stun::ErrorNumber::role_conflict);
  if (!conflict) {
    if (pair.state != PairState::succeeded)
      fail(pair, PairProblem::error_answer, error ? error->number : 0);
    return;
  }
  const PairId id = pair.id;
  if (check.role == role) {
    ++counters.role_conflicts;
    switch_role();
    tie_breaker = random.u64();
  }
  if (CandidatePair* again = checklists.find(id); again && again->state != PairState::succeeded) {
    again->state = PairState::waiting;
    checklists.trigger(*again);
  }
  (void)now;
}

}  // namespace stile::ice
