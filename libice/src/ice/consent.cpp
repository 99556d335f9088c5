#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {
constexpr std::size_t max_open_consent_checks = 8;  ///< Limit: of 30 s at one each 4 s
}

// RFC 7675 §5.1: a new request every 5 s, give or take 20 %, never retransmitted; silence for 30 s ends the session.
void Agent::Impl::check_consent(Instant now) {
  if (state == State::failed || state == State::closed) return;
  for (Component& owner : components) {
    CandidatePair* pair = owner.selected ? checklists.find(*owner.selected) : nullptr;
    if (!pair) continue;
    if (now >= owner.consent_until) {
      for (Component& each : components) each.next_consent_check = never;
      owner.consent_until = never;
      set_state(State::failed, "the peer has not answered for 30 seconds");
      return;
    }
    if (now < owner.next_consent_check) continue;
    owner.next_consent_check =
        now + std::chrono::duration_cast<Duration>(config.consent_interval * (0.8 + 0.4 * random.unit()));
    if (owner.consent_checks.size() >= max_open_consent_checks) owner.consent_checks.erase(owner.consent_checks.begin());
    owner.consent_checks.push_back(make_check(now, *pair, false));
    send(locals[pair->local].base, remotes[pair->remote].address, owner.consent_checks.back().bytes);
  }
}

bool Agent::Impl::take_consent_response(Instant now, const stun::MessageView& message) {
  for (Component& owner : components) {
    const auto found = std::ranges::find(owner.consent_checks, message.transaction_id(), &Check::id);
    if (found == owner.consent_checks.end()) continue;
    if (!is_from_peer(message) || message.message_class() != stun::Class::success_response) return true;
    if (CandidatePair* pair = checklists.find(owner.selected.value_or(0)))
      pair->round_trip_time = now - found->timer.first_sent();
    owner.consent_checks.clear();
    if (state != State::failed) owner.consent_until = now + config.consent_expiry;
    return true;
  }
  return false;
}

}  // namespace stile::ice
