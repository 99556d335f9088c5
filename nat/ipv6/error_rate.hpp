#pragma once

#include <algorithm>

#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat {

/// RFC 4443 §2.4 (f): how many ICMPv6 errors a node makes, as a token bucket.
class ErrorRate {
 public:
  ErrorRate(std::uint32_t per_second, std::uint32_t burst)
      : interval_(Duration(std::chrono::seconds(1)) / per_second), burst_(burst) {}

  bool allows(Instant now) {
    paid_until_ = std::max(paid_until_, now);
    if (paid_until_ - now >= interval_ * burst_) return false;
    paid_until_ += interval_;
    return true;
  }

 private:
  Duration interval_;
  std::uint32_t burst_;
  Instant paid_until_{};
};

/// RFC 4443 §2.4 (e): whether an error may be sent about a packet.
bool may_be_answered(Bytes packet);

}  // namespace stile::nat
