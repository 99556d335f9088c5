#pragma once

#include <algorithm>
#include <array>

#include "nat/portmap/config.hpp"

namespace stile::nat::portmap {

/// RFC 6887 §8.2: a server may leave requests of a client that sends too many unanswered.
/// Limit: hosts whose addresses end in the same byte share what one may send.
class RequestRate {
 public:
  explicit RequestRate(const Config& config) : config_(config) {}

  bool admits(Instant now, const IpAddress& client) {
    const Duration each = Duration(std::chrono::seconds(1)) / config_.requests_per_second;
    Instant& paid_until = paid_until_[client.v6_bytes().back()];
    paid_until = std::max(paid_until, now);
    if (paid_until - now >= each * config_.request_burst) return false;
    paid_until += each;
    return true;
  }

 private:
  const Config& config_;
  std::array<Instant, 256> paid_until_{};
};

}  // namespace stile::nat::portmap
