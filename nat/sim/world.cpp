#include "nat/sim/world.hpp"

#include <algorithm>
#include <utility>

namespace stile::sim {

void World::at(Instant when, std::function<void()> what) {
  events_.push({std::max(when, now_), sequence_++, std::move(what)});
}

bool World::run_until(const std::function<bool()>& done, Instant limit) {
  while (!done()) {
    if (events_.empty() || events_.top().when > limit) {
      now_ = std::max(now_, limit);
      return done();
    }
    now_ = events_.top().when;
    const auto what = std::move(const_cast<Event&>(events_.top()).what);
    events_.pop();
    what();
  }
  return true;
}

SeededRandom World::random_for(const std::string& name) const {
  std::uint64_t hash = 0xcbf29ce484222325u ^ seed_ * 0x9e3779b97f4a7c15u;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  return SeededRandom(hash);
}

void World::record(Bytes packet) {
  for (const std::uint8_t byte : packet) trace_hash_ = (trace_hash_ ^ byte) * 0x100000001b3u;
  trace_hash_ =
      (trace_hash_ ^ static_cast<std::uint64_t>(now_.time_since_epoch().count())) * 0x100000001b3u;
  if (capture_) capture_->write(now_, packet);
}

void Alarm::plan() {
  const Instant wanted = poll_timeout_();
  if (wanted == never || wanted >= planned_) return;
  planned_ = wanted;
  world_.at(wanted, [this, wanted] {
    if (planned_ == wanted) planned_ = never;
    if (poll_timeout_() <= world_.now()) handle_timeout_();
    plan();
  });
}

}  // namespace stile::sim
