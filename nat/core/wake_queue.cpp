#include "nat/core/wake_queue.hpp"

#include <algorithm>
#include <cassert>

namespace stile::nat {

namespace {

constexpr std::size_t children = 4;

}  // namespace

void WakeQueue::put(std::uint32_t number, Instant at) {
  while (places_.size() <= number) places_.push_back(0);
  heap_.push_back({});
  rise(heap_.size() - 1, {at, number, sequence_++});
}

void WakeQueue::move(std::uint32_t number, Instant at) {
  assert(heap_[places_[number]].number == number && "what is moved is there");
  settle(places_[number], {at, number, sequence_++});
}

void WakeQueue::remove(std::uint32_t number) {
  const std::size_t place = places_[number];
  assert(place < heap_.size() && heap_[place].number == number && "what is removed is there");
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.number != number) settle(place, last);
}

/// An entry takes a place in the middle.
void WakeQueue::settle(std::size_t place, Entry entry) {
  if (place > 0 && is_before(entry, heap_[(place - 1) / children]))
    rise(place, entry);
  else
    sink(place, entry);
}

void WakeQueue::rise(std::size_t place, Entry entry) {
  while (place > 0) {
    const std::size_t parent = (place - 1) / children;
    if (!is_before(entry, heap_[parent])) break;
    set(place, heap_[parent]);
    place = parent;
  }
  set(place, entry);
}

void WakeQueue::sink(std::size_t place, Entry entry) {
  for (;;) {
    const std::size_t first = place * children + 1;
    if (first >= heap_.size()) break;
    const std::size_t last = std::min(first + children, heap_.size());
    std::size_t least = first;
    for (std::size_t i = first + 1; i < last; ++i)
      if (is_before(heap_[i], heap_[least])) least = i;
    if (!is_before(heap_[least], entry)) break;
    set(place, heap_[least]);
    place = least;
  }
  set(place, entry);
}

void WakeQueue::set(std::size_t place, const Entry& entry) {
  heap_[place] = entry;
  places_[entry.number] = static_cast<std::uint32_t>(place);
}

}  // namespace stile::nat
