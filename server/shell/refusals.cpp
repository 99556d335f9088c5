#include "server/shell/refusals.hpp"

namespace stile::server {

void Refusals::tell(Instant now, const relay::Counters& counters, Log& log) {
  using relay::Counters;
  const auto since = [&](std::uint64_t Counters::* counter) {
    return counters.*counter - last_.*counter;
  };
  const std::uint64_t credentials = since(&Counters::failed_credentials);
  const std::uint64_t quota = since(&Counters::quota_refusals);
  const std::uint64_t capacity = since(&Counters::capacity_refusals);
  const std::uint64_t peers = since(&Counters::forbidden_peers);
  const std::uint64_t rate = since(&Counters::rate_limited);
  if (credentials + quota + capacity + peers + rate > 0)
    log.write(now, LogLevel::warning, "refused",
              {{"credentials", credentials},
               {"quota", quota},
               {"capacity", capacity},
               {"peers", peers},
               {"unanswered", rate}});
  last_ = counters;
  next_ = now + interval;
}

}  // namespace stile::server
