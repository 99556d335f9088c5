#include <algorithm>
#include <bit>

#include "ice/impl.hpp"

// Whether the selected path is as good as it was is told apart from whether the session lives: an
// application may send less, or tell its user, long before consent ends. What is known of a path
// without asking more often than RFC 7675 does is which of the last questions were answered in
// time, and how long that took.

namespace stile::ice {

namespace {

constexpr int too_many_lost = 3;       ///< of the last eight questions
constexpr unsigned newest_two = 0b11;  ///< both answered before it is good again
constexpr int slow_factor = 3;         ///< than which it is not slower than usual
constexpr Duration slow_by = std::chrono::milliseconds(100);

bool is_slow(const PathQuality& quality, int factor, Duration by) {
  return quality.usual > Duration::zero() &&
         quality.round_trip_time > std::max(factor * quality.usual, quality.usual + by);
}

}  // namespace

Duration Agent::Impl::silence_until_degraded(const Component& owner) const {
  return std::max(config.path_patience, 4 * owner.quality.round_trip_time);
}

/// A question about consent leaves; the one before has no answer if it waits for one still.
void Agent::Impl::note_question(Instant now, Component& owner) {
  PathQuality& quality = owner.quality;
  if (!owner.consent.checks.empty())
    quality.lost = static_cast<std::uint8_t>(quality.lost << 1 | 1);
  quality.unanswered_since = std::min(quality.unanswered_since, now);
}

void Agent::Impl::note_answer(Component& owner, Duration round_trip_time) {
  PathQuality& quality = owner.quality;
  quality.lost = static_cast<std::uint8_t>(quality.lost << 1);
  quality.unanswered_since = never;
  const bool first = quality.usual == Duration::zero();
  quality.usual = first ? round_trip_time : std::min(quality.usual, round_trip_time);
  quality.round_trip_time =
      first ? round_trip_time : (quality.round_trip_time + round_trip_time) / 2;
}

void Agent::Impl::judge_path(Instant now, ComponentId number) {
  Component& owner = component(number);
  PathQuality& quality = owner.quality;
  const bool silent = quality.unanswered_since != never &&
                      now - quality.unanswered_since >= silence_until_degraded(owner);
  const bool bad =
      quality.degraded
          ? (quality.lost & newest_two) != 0 || is_slow(quality, slow_factor - 1, slow_by / 2)
          : std::popcount(quality.lost) >= too_many_lost || is_slow(quality, slow_factor, slow_by);
  if ((silent || bad) == quality.degraded) return;
  quality.degraded = !quality.degraded;
  events.push_back(PathHealthChanged{
      number, quality.degraded ? PathHealth::degraded : PathHealth::good, quality.round_trip_time,
      static_cast<unsigned>(std::popcount(quality.lost))});
  if (!quality.degraded) quality.lost = 0;
}

/// Another pair is selected: what was known of the former one says nothing about it.
void Agent::Impl::begin_quality(ComponentId number, Duration round_trip_time) {
  Component& owner = component(number);
  const bool was_degraded = owner.quality.degraded;
  owner.quality = {.usual = round_trip_time, .round_trip_time = round_trip_time};
  if (was_degraded)
    events.push_back(PathHealthChanged{number, PathHealth::good, round_trip_time, 0});
}

void Agent::Impl::watch_quality(Instant now) {
  for (std::size_t i = 0; i < components.size(); ++i)
    if (components[i].selected && components[i].quality.unanswered_since != never)
      judge_path(now, component_at(i));
}

/// Since when a component that had a path has none that answers; `never` if all have.
Instant Agent::Impl::silent_since() const {
  Instant since = never;
  for (const Component& each : components) {
    if (each.selected)
      since = std::min(since, each.quality.unanswered_since);
    else if (each.lost_at)
      since = std::min(since, *each.lost_at);
  }
  return since == never ? never : std::max(since, addresses_changed);
}

/// The controlling side first, so that not both begin at once.
Instant Agent::Impl::restart_due() const {
  const Instant since = silent_since();
  const bool wanted = config.restart_after > Duration::zero() && !config.lite;
  if (since == never || !wanted || restart_told || state == State::failed) return never;
  return since + (role == Role::controlling ? 1 : 2) * config.restart_after;
}

/// As a last resort: no pair works, and restarting may find one (RFC 8445 §9). What the peer must
/// be told goes by the application's signalling, so it is the application that restarts.
void Agent::Impl::ask_for_restart(Instant now) {
  if (silent_since() == never) restart_told = false;
  if (now < restart_due()) return;
  restart_told = true;
  events.push_back(RestartNeeded{
      "no pair has worked since " +
      std::to_string(
          std::chrono::duration_cast<std::chrono::milliseconds>(now - silent_since()).count()) +
      " ms"});
}

}  // namespace stile::ice
