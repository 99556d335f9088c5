#pragma once

#include "stile/base/instant.hpp"
#include "stile/stun/message_type.hpp"

namespace stile::stun {

/// RFC 8489 §6.2.1: over UDP a request is sent Rc times, the gaps doubling from RTO, and given up
/// Rm * RTO after the last; over a reliable transport once, given up after Ti (§6.2.2).
struct RetransmissionPolicy {
  Duration rto = std::chrono::milliseconds(500);
  unsigned rc = 7;
  unsigned rm = 16;
  bool reliable = false;
  Duration ti = std::chrono::milliseconds(39'500);
  Duration longest_gap = Duration::max();  ///< the gaps double up to this
};

/// Lasts as long as with the default Rc and Rm, but the gaps are even: 64 sendings, which one of
/// three lost cannot stop, nor every other one.
// Deviation: RFC 8489 §6.2.1: no doubling, because with it four of seven sendings come in the first
// four seconds, and a path that loses half of them is given up by chance. Whoever uses this bounds
// its load by other means, as ICE does by its pacing: RTO is at least Ta * N (RFC 8445 §14.3).
constexpr RetransmissionPolicy evenly_spaced(Duration rto) {
  return {.rto = rto, .rc = 64, .longest_gap = rto};
}

/// The timer of one client transaction. The owner sends the first request when it makes this, and
/// again each time on_timeout() says so. It knows no message: the owner keeps the bytes.
class TransactionTimer {
 public:
  TransactionTimer(Instant sent, const RetransmissionPolicy& policy);

  enum class Action : std::uint8_t { wait, retransmit, timed_out };
  /// What to do at `now`; `retransmit` counts the sending that the owner then does.
  Action on_timeout(Instant now);
  Instant deadline() const { return deadline_; }
  unsigned sent_count() const { return sent_count_; }
  Instant first_sent() const { return first_sent_; }

 private:
  RetransmissionPolicy policy_;
  Instant first_sent_;
  Instant deadline_;
  Duration gap_;
  unsigned sent_count_ = 1;
};

}  // namespace stile::stun
