#pragma once

#include <cassert>
#include <utility>

#include "nat/core/chunked_array.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// What SlotMap is, for a million records: they never move, they lie close together, and those that
/// use a record by its bare index do not look at its generation.
template <class T>
class RecordPool {
 public:
  using Id = SlotId<T>;

  std::uint32_t insert(T&& value) {
    ++size_;
    if (free_.empty()) {
      records_.push_back(std::move(value));
      generations_.push_back(1);
      // There is room for all of them to end without another page from the system.
      free_.reserve(records_.size());
      return static_cast<std::uint32_t>(records_.size() - 1);
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    records_[index] = std::move(value);
    ++generations_[index];
    return index;
  }
  void reserve(std::size_t count) {
    records_.reserve(count);
    generations_.reserve(count);
    free_.reserve(count);
  }
  void erase(std::uint32_t index) {
    assert(is_taken(index) && "a record is erased once");
    records_[index] = T{};
    ++generations_[index];
    free_.push_back(std::uint32_t{index});
    --size_;
  }

  T& operator[](std::uint32_t index) {
    assert(index < slot_count());
    return records_[index];
  }
  const T& operator[](std::uint32_t index) const {
    assert(index < slot_count());
    return records_[index];
  }
  Id id_of(std::uint32_t index) const { return {index, generations_[index]}; }
  /// Whether the record that `id` named is still there.
  bool holds(Id id) const { return id && id.index < slot_count() && id_of(id.index) == id; }
  T* find(Id id) { return holds(id) ? &records_[id.index] : nullptr; }
  const T* find(Id id) const { return holds(id) ? &records_[id.index] : nullptr; }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// All indexes are below.
  std::size_t slot_count() const { return records_.size(); }
  void clear() {
    records_.clear();
    generations_.clear();
    free_.clear();
    size_ = 0;
  }

  /// Calls `visit(index, T&)` in the order of the indexes; `visit` must not insert.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = 0; i < slot_count(); ++i)
      if (is_taken(i)) visit(i, records_[i]);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t i = 0; i < slot_count(); ++i)
      if (is_taken(i)) visit(i, records_[i]);
  }

 private:
  /// Generations of taken places are odd.
  bool is_taken(std::uint32_t index) const { return generations_[index] % 2 == 1; }

  ChunkedArray<T> records_;
  ChunkedArray<std::uint32_t> generations_;
  ChunkedArray<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace stile::nat
