#pragma once

#include <chrono>

#include "stile/base/instant.hpp"

namespace stile::nat::portmap {

/// RFC 6887 §14.1.3, RFC 6886 §3.2.1: after a loss of state it is announced ten times, at first
/// after 250 ms, then after twice the time of before.
class Announcements {
 public:
  void begin(Instant now) {
    left_ = copies;
    gap_ = first_gap;
    next_ = now;
  }
  Instant poll_timeout() const { return left_ > 0 ? next_ : never; }
  /// True once for each that is due.
  bool take_due(Instant now) {
    if (poll_timeout() > now) return false;
    --left_;
    next_ = now + gap_;
    gap_ *= 2;
    return true;
  }

 private:
  static constexpr int copies = 10;
  static constexpr Duration first_gap = std::chrono::milliseconds(250);

  int left_ = 0;
  Duration gap_ = first_gap;
  Instant next_ = never;
};

}  // namespace stile::nat::portmap
