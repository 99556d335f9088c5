#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace stile {

/// Names an object in a SlotMap. A stale id (its object was removed) finds nothing. `Tag` keeps
/// kinds apart.
template <class Tag>
struct SlotId {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  ///< 0 names nothing
  explicit operator bool() const { return generation != 0; }
  friend constexpr auto operator<=>(SlotId, SlotId) = default;
};

/// Owns objects by index and generation. Iteration is in the order of the indexes, so it is
/// deterministic.
template <class T>
class SlotMap {
 public:
  using Id = SlotId<T>;

  Id insert(T value) {
    std::uint32_t index;
    if (free_.empty()) {
      index = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    slots_[index].value.emplace(std::move(value));
    ++size_;
    return {index, slots_[index].generation};
  }

  T* find(Id id) {
    if (id.index >= slots_.size() || slots_[id.index].generation != id.generation) return nullptr;
    return slots_[id.index].value ? &*slots_[id.index].value : nullptr;
  }
  const T* find(Id id) const { return const_cast<SlotMap*>(this)->find(id); }

  /// The id of whatever object is at `index` now.
  Id id_at(std::uint32_t index) const { return {index, slots_[index].generation}; }

  bool erase(Id id) {
    if (!find(id)) return false;
    slots_[id.index].value.reset();
    if (++slots_[id.index].generation == 0) slots_[id.index].generation = 1;
    free_.push_back(id.index);
    --size_;
    return true;
  }

  std::size_t size() const { return size_; }
  /// Of objects that there are and places that are free: all indexes are below.
  std::size_t slot_count() const { return slots_.size(); }
  bool empty() const { return size_ == 0; }

  /// Calls `visit(Id, T&)` for each object; `visit` must not insert or erase.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (std::uint32_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].value) visit(Id{i, slots_[i].generation}, *slots_[i].value);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].value) visit(Id{i, slots_[i].generation}, *slots_[i].value);
  }

 private:
  struct Slot {
    std::uint32_t generation = 1;
    std::optional<T> value;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace stile

template <class Tag>
struct std::hash<stile::SlotId<Tag>> {
  std::size_t operator()(stile::SlotId<Tag> id) const noexcept {
    return std::size_t{id.generation} << 32 | id.index;
  }
};
