#pragma once

#include <optional>
#include <vector>

#include "stile/base/deadline_queue.hpp"

namespace stile::relay {

/// When to look at which object of a slot map. One alarm for each place in the map, not for each
/// object: who makes and deletes them in a loop leaves nothing behind.
template <class Id>
class Alarms {
 public:
  /// Wakes no later than `at`; an earlier alarm of the same place stays.
  void set(Id id, Instant at) {
    if (id.index >= places_.size()) places_.resize(id.index + 1);
    Place& place = places_[id.index];
    place.holder = id;
    if (place.set_for <= at) return;
    place.set_for = at;
    queue_.push(at, id.index);
  }

  Instant earliest() const { return queue_.earliest(); }

  /// An object to look at (it may be gone); afterwards set() it again.
  std::optional<Id> pop_due(Instant now) {
    while (const auto index = queue_.pop_due(now)) {
      Place& place = places_[*index];
      if (place.set_for > now) continue;  // an earlier alarm has been and gone
      place.set_for = never;
      return place.holder;
    }
    return std::nullopt;
  }

 private:
  struct Place {
    Instant set_for = never;
    Id holder;
  };
  DeadlineQueue<std::uint32_t> queue_;
  std::vector<Place> places_;
};

}  // namespace stile::relay
