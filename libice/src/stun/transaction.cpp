#include "stile/stun/transaction.hpp"

#include <algorithm>

namespace stile::stun {

TransactionTimer::TransactionTimer(Instant sent, const RetransmissionPolicy& policy)
    : policy_(policy), first_sent_(sent), gap_(policy.rto) {
  const bool only_one = policy.reliable || policy.rc <= 1;
  deadline_ = sent + (policy.reliable ? policy.ti : only_one ? policy.rto * policy.rm : policy.rto);
}

TransactionTimer::Action TransactionTimer::on_timeout(Instant now) {
  if (now < deadline_) return Action::wait;
  if (policy_.reliable || sent_count_ >= policy_.rc) return Action::timed_out;
  ++sent_count_;
  gap_ = std::min(gap_ * 2, policy_.longest_gap);
  // After the last one the wait is Rm * RTO, not the next doubling.
  deadline_ = now + (sent_count_ == policy_.rc ? policy_.rto * policy_.rm : gap_);
  return Action::retransmit;
}

}  // namespace stile::stun
