#include <algorithm>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

namespace stile::ice {

namespace {
constexpr std::size_t max_open_checks =
    8;  ///< Limit: unanswered checks of one pair whose answers still count
}

bool Agent::Impl::may_check(const CandidatePair& pair) const {
  if (!remote || config.lite) return false;
  const Base& base = locals[pair.local].base;
  return !base.relay || relays[*base.relay]->client.is_permitted(remotes[pair.remote].address.ip);
}

bool Agent::Impl::send_next_check(Instant now) {
  CandidatePair* pair =
      checklists.next([this](const CandidatePair& candidate) { return may_check(candidate); });
  if (!pair) return false;
  send_check(now, *pair);
  return true;
}

// RFC 8445 §7.2.2.
void Agent::Impl::send_check(Instant now, CandidatePair& pair) {
  if (pair.tcp && !pair.connection) return connect(pair);
  if (is_connecting(pair)) {  // it is sent when it can be
    pair.state = PairState::in_progress;
    return;
  }
  for (Check& older : pair.checks) older.retransmits = false;
  if (pair.checks.size() >= max_open_checks) pair.checks.erase(pair.checks.begin());
  const bool use_candidate = role == Role::controlling && pair.nominating;
  const bool numbered = use_candidate && remote->has_option("renomination");
  pair.checks.push_back(make_check(now, local, remote->credentials,
                                   priority_in_check(locals[pair.local].candidate),
                                   numbered ? ++nominations : 0, use_candidate));
  // RFC 6544 §7.1: TCP sends again by itself.
  if (pair.tcp) pair.checks.back().timer = stun::TransactionTimer(now, {.reliable = true});
  if (pair.state != PairState::succeeded) pair.state = PairState::in_progress;
  ++pair.checks_sent;
  pair.last_sent = now;
  send(base_of(pair), remotes[pair.remote].address, pair.checks.back().bytes);
}

// RFC 8445 §7.1 and §7.2.2: USERNAME, PRIORITY, the role, USE-CANDIDATE, MESSAGE-INTEGRITY with the
// remote's password.
Check Agent::Impl::make_check(Instant now, const Credentials& ours, const Credentials& theirs,
                              std::uint32_t priority, std::uint32_t nomination,
                              bool use_candidate) {
  const auto id = stun::TransactionId::make(random);
  ByteVector buffer(640);
  stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::binding, id);
  const std::string username = theirs.ufrag + ":" + ours.ufrag;
  builder.add(stun::Username{username}).add(stun::PriorityAttribute{priority});
  if (role == Role::controlling)
    builder.add(stun::IceControlling{tie_breaker});
  else
    builder.add(stun::IceControlled{tie_breaker});
  if (use_candidate) builder.add(stun::UseCandidate{});
  if (nomination != 0) builder.add(stun::NominationAttribute{nomination});
  builder.add_message_integrity(stun::short_term_key(theirs.pwd)).add_fingerprint();
  return {id,
          copy_of(builder.finish()),
          stun::TransactionTimer(now, stun::evenly_spaced(check_rto())),
          role,
          use_candidate,
          nomination};
}

// RFC 8445 §14.3: MAX (500 ms, Ta * N), N being the pairs that are Waiting or In-Progress.
Duration Agent::Impl::check_rto() const {
  const auto busy = std::ranges::count_if(checklists.pairs(), [](const CandidatePair& pair) {
    return pair.state == PairState::waiting || pair.state == PairState::in_progress;
  });
  return std::max(config.rto, pace() * busy);
}

void Agent::Impl::retransmit_checks(Instant now) {
  for (CandidatePair& pair : checklists.pairs()) {
    for (std::size_t i = 0; i < pair.checks.size();) {
      Check& check = pair.checks[i];
      const auto action = check.timer.on_timeout(now);
      if (action == stun::TransactionTimer::Action::timed_out) {
        if (check.use_candidate)
          pair.nominating = false;  // to be tried once more, or with another pair
        pair.checks.erase(pair.checks.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      if (action == stun::TransactionTimer::Action::retransmit && check.retransmits) {
        ++pair.checks_sent;
        pair.last_sent = now;
        send(base_of(pair), remotes[pair.remote].address, check.bytes);
      }
      ++i;
    }
    if (pair.checks.empty()) pair.checks.shrink_to_fit();  // most pairs are never checked again
    if (pair.state == PairState::in_progress && pair.checks.empty() && !is_connecting(pair) &&
        !waits_to_connect(pair))
      fail(pair, PairProblem::no_answer);
  }
}

// RFC 8445 §6.1.4.2 and RFC 8863 §4: not before the PAC timer, for a peer-reflexive candidate may
// still turn up.
void Agent::Impl::fail_if_hopeless(Instant now) {
  if (state != State::checking || now < no_failure_before) return;
  no_failure_before = never;
  const bool hope =
      !gathering_done ||
      (!config.lite && std::ranges::any_of(checklists.pairs(), [](const CandidatePair& pair) {
        return pair.state != PairState::failed;
      }));
  if (hope) {
    no_failure_before = now + std::chrono::seconds(1);
    return;
  }
  const bool stranger = std::ranges::any_of(
      checklists.pairs(), [](const CandidatePair& pair) { return pair.unsigned_answers > 0; });
  if (stranger)
    return set_state(State::failed,
                     "the peer's answers are not signed with its password; is it, and the ufrag, "
                     "the right one?");
  set_state(State::failed,
            remotes.empty() ? "the peer told no candidates" : "no pair of candidates works");
}

}  // namespace stile::ice
