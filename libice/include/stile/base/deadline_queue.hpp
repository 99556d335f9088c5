#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "stile/base/instant.hpp"

namespace stile {

/// Wakes objects by id, earliest first and in the order of pushing among equals; the head is O(1).
///
/// It is lazy: an object that is refreshed with each packet keeps its deadline in itself and does
/// not touch the queue. When its entry comes due the owner looks at the object: gone (stale id),
/// due, or pushed again for later. Keep one entry per object.
template <class Id>
class DeadlineQueue {
 public:
  void push(Instant at, Id id) {
    heap_.push_back({at, sequence_++, id});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  Instant earliest() const { return heap_.empty() ? never : heap_.front().at; }

  /// The next id whose time has come, taken out of the queue.
  std::optional<Id> pop_due(Instant now) {
    if (heap_.empty() || heap_.front().at > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Id id = heap_.back().id;
    heap_.pop_back();
    return id;
  }

  std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    Instant at;
    std::uint64_t sequence;
    Id id;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
  }
  std::vector<Entry> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace stile
