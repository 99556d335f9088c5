#include "server/shell/wake_up_pace.hpp"

namespace stile::server {

namespace {

constexpr Duration shortest_sleep = std::chrono::microseconds(3);  ///< less is no sleep at all
constexpr int brief_sleeps_before_pauses = 8;
constexpr int pauses_in_a_row = 64;

}  // namespace

void WakeUpPace::woken(Instant before, Instant now, std::size_t ready) {
  last_ = now;
  if (pauses_left_ > 0) {
    pauses_left_ = ready > 1 ? pauses_left_ - 1 : pauses_left_ / 2;
    return;
  }
  const Duration slept = now - before;
  if (slept >= interval)
    brief_sleeps_ = 0;
  else if (slept >= shortest_sleep)
    ++brief_sleeps_;
  if (brief_sleeps_ < brief_sleeps_before_pauses) return;
  brief_sleeps_ = 0;
  pauses_left_ = pauses_in_a_row;
}

Duration WakeUpPace::pause(Instant now) const {
  return pauses_left_ > 0 ? last_ + interval - now : Duration::zero();
}

}  // namespace stile::server
