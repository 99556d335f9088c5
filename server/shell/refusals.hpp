#pragma once

#include "server/shell/counter_names.hpp"
#include "server/shell/log.hpp"

namespace stile::server {

/// Tells now and then how much has been refused since it last did; a line for each request would be
/// for strangers to write.
class Refusals {
 public:
  static constexpr Duration interval = std::chrono::minutes(1);

  explicit Refusals(Instant now) : next_(now + interval) {}
  bool is_due(Instant now) const { return now >= next_; }
  void tell(Instant now, const relay::Counters& counters, Log& log);

 private:
  Instant next_;
  relay::Counters last_;
};

}  // namespace stile::server
