#pragma once

#include "stile/base/instant.hpp"

namespace stile::server {

/// Interrupt moderation, as network cards do it. A worker that falls asleep and is woken again for
/// each datagram spends more on that than on the datagrams: while it is so it sleeps a little
/// before it looks again, and serves several at once. What comes alone is served at once, and a
/// worker that does not get to sleep has no need of this.
class WakeUpPace {
 public:
  // Limit: so much delay is added, and no more.
  static constexpr Duration interval = std::chrono::microseconds(50);

  /// The worker has waited from `before` to `now`, and found so many sockets ready.
  void woken(Instant before, Instant now, std::size_t ready);
  /// How long to sleep before the next look; zero or less: not at all.
  Duration pause(Instant now) const;

 private:
  Instant last_{};
  int brief_sleeps_ = 0;  ///< since the last long one
  int pauses_left_ = 0;   ///< before it is tried again without
};

}  // namespace stile::server
