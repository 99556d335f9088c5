#pragma once

#include <cstdint>

#include "nat/core/chunked_array.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat {

/// When to look at which record: one entry for each, earliest first and in the order of putting
/// among equals. A heap of four children a node, whose entries know their places, so that what ends
/// early leaves nothing behind.
///
/// It is lazy: a record that is refreshed with each packet keeps its deadline in itself and does
/// not touch the queue. When its entry comes due the owner looks at the record, which may be due
/// later by now.
class WakeQueue {
 public:
  struct Entry {
    Instant at{};
    std::uint32_t number = 0;    ///< the record's
    std::uint32_t sequence = 0;  ///< of putting; goes round
  };

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Instant earliest() const { return heap_.empty() ? never : heap_[0].at; }
  const Entry& first() const { return heap_[0]; }

  void reserve(std::size_t count) {
    heap_.reserve(count);
    places_.reserve(count);
  }

  /// `number` is not in the queue.
  void put(std::uint32_t number, Instant at);
  /// `number` is in the queue.
  void move(std::uint32_t number, Instant at);
  void remove(std::uint32_t number);
  Instant wake_of(std::uint32_t number) const { return heap_[places_[number]].at; }

 private:
  static bool is_before(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : static_cast<std::int32_t>(a.sequence - b.sequence) < 0;
  }
  void rise(std::size_t place, Entry entry);
  void sink(std::size_t place, Entry entry);
  void settle(std::size_t place, Entry entry);
  void set(std::size_t place, const Entry& entry);

  ChunkedArray<Entry> heap_;
  ChunkedArray<std::uint32_t> places_;  ///< by record
  std::uint32_t sequence_ = 0;
};

}  // namespace stile::nat
