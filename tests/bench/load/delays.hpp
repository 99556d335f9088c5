#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace stile::bench {

/// How long datagrams were on their way, in nanoseconds.
class Delays {
 public:
  void add(std::int64_t nanoseconds) {
    all_.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(nanoseconds, UINT32_MAX)));
  }
  /// The delay that the share of them (0 to 1) does not pass, in microseconds; 0 if there were
  /// none.
  double microseconds_at(double share) {
    if (all_.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(all_.size() - 1));
    std::nth_element(all_.begin(), all_.begin() + at, all_.end());
    return all_[static_cast<std::size_t>(at)] / 1e3;
  }

 private:
  std::vector<std::uint32_t> all_;
};

}  // namespace stile::bench
