#include <algorithm>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

namespace stile::ice {

namespace {

constexpr std::size_t max_open_consent_checks = 64;  ///< Limit: of 30 s at one each 500 ms

bool is_signed_by(const stun::MessageView& message, const Credentials& peer) {
  return stun::verify_message_integrity(message, stun::short_term_key(peer.pwd));
}

bool is_due(const Consent& consent, Instant now) {
  return now >= std::min(consent.next_check, consent.next_retry);
}

void take_answer(Consent& consent) {
  consent.checks.clear();
  consent.next_retry = never;
}

/// True if the message answers one of the checks; it counts if it is a success that the peer has
/// signed.
enum class Answer : std::uint8_t { none, counts, does_not };
Answer match(const Consent& consent, const stun::MessageView& message, const Credentials& peer) {
  if (std::ranges::find(consent.checks, message.transaction_id(), &Check::id) ==
      consent.checks.end())
    return Answer::none;
  const bool success = message.message_class() == stun::Class::success_response;
  return success && is_signed_by(message, peer) ? Answer::counts : Answer::does_not;
}

}  // namespace

// RFC 7675 §5.1: a new request every 5 s, give or take 20 %, never retransmitted; silence for 30 s
// ends the session. A lite agent obtains none (§1).
// Deviation: RFC 7675 §5.1: while a request has no answer a new one follows each RTO. Where half of
// the packets are lost, six requests in 30 s are soon without an answer by mere chance. A peer that
// answers is asked as seldom as it says.
void Agent::Impl::check_consent(Instant now) {
  if (state == State::closed) return;
  keep_former_paths(now);
  if (state == State::failed || config.lite) return;
  for (Component& owner : components) {
    CandidatePair* pair = owner.selected ? checklists.find(*owner.selected) : nullptr;
    if (!pair) continue;
    if (now >= owner.consent.until) {
      for (Component& each : components) each.consent.next_check = each.consent.next_retry = never;
      owner.consent.until = never;
      set_state(State::failed, "the peer has not answered for 30 seconds");
      return;
    }
    if (is_due(owner.consent, now)) ask_on_selected(now, owner, *pair);
  }
}

void Agent::Impl::ask_on_selected(Instant now, Component& owner, CandidatePair& pair) {
  ++pair.checks_sent;
  note_question(now, owner);
  ask_for_consent(now, owner.consent, base_of(pair), remotes[pair.remote].address,
                  make_check(now, local, remote->credentials,
                             priority_in_check(locals[pair.local].candidate), 0, false));
  owner.consent.next_retry = now + std::max(config.rto, 2 * pair.round_trip_time);
  await_answer(now, owner, pair);
}

/// While a restart looks for another pair, the old one is sent on, and so is asked about.
void Agent::Impl::keep_former_paths(Instant now) {
  for (Component& owner : components) {
    if (!owner.former) continue;
    FormerPath& path = *owner.former;
    if (now >= path.consent.until) {
      owner.former.reset();
      continue;
    }
    if (is_due(path.consent, now))
      ask_for_consent(now, path.consent, path.base, path.remote,
                      make_check(now, path.ours, path.theirs, path.priority, 0, false));
  }
}

void Agent::Impl::ask_for_consent(Instant now, Consent& consent, const Base& base,
                                  const TransportAddress& to, Check check) {
  consent.next_check = now + std::chrono::duration_cast<Duration>(config.consent_interval *
                                                                  (0.8 + 0.4 * random.unit()));
  consent.next_retry = now + config.rto;
  if (consent.checks.size() >= max_open_consent_checks)
    consent.checks.erase(consent.checks.begin());
  consent.checks.push_back(std::move(check));
  send(base, to, consent.checks.back().bytes);
}

bool Agent::Impl::take_consent_response(Instant now, const stun::MessageView& message) {
  for (Component& owner : components) {
    if (owner.former) {
      const Answer answer = match(owner.former->consent, message, owner.former->theirs);
      if (answer == Answer::counts) {
        take_answer(owner.former->consent);
        owner.former->consent.until = now + config.consent_expiry;
      }
      if (answer != Answer::none) return true;
    }
    const Answer answer =
        remote ? match(owner.consent, message, remote->credentials) : Answer::none;
    if (answer == Answer::none) continue;
    if (answer == Answer::does_not) return true;
    const auto found =
        std::ranges::find(owner.consent.checks, message.transaction_id(), &Check::id);
    if (CandidatePair* pair = checklists.find(owner.selected.value_or(0))) {
      ++pair->responses_received;
      pair->confirmed = now;
      heard_on(now, *pair);
      pair->round_trip_time = now - found->timer.first_sent();
      pair->total_round_trip_time += pair->round_trip_time;
      note_answer(owner, pair->round_trip_time);
      judge_path(now, pair->component);
    }
    take_answer(owner.consent);
    if (state != State::failed) owner.consent.until = now + config.consent_expiry;
    return true;
  }
  return false;
}

}  // namespace stile::ice
