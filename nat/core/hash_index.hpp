#pragma once

#include <cstdint>
#include <utility>

#include "nat/core/zeroed_memory.hpp"

namespace stile::nat {

/// Finds the number of a record by the hash of its key; the key itself is in the record. Eight
/// bytes a slot, linear probing: a look-up touches one run of slots and the records whose hash is
/// the same. It is never walked, so no output can depend on its order.
///
/// It grows without a pause: the larger table is made ready, page by page, before it is needed, and
/// records stay in the smaller one until later insertions move them, a few at a time.
class HashIndex {
 public:
  static constexpr std::uint32_t none = 0xffffffff;
  static constexpr std::size_t smallest = 64;

  /// Indexes of the same records begin with different capacities, so that they do not all grow at
  /// one insertion.
  explicit HashIndex(std::size_t first_capacity = smallest) : first_capacity_(first_capacity) {}

  /// `is` tells whether a record is the one; `none` if no record is.
  template <class Is>
  std::uint32_t find(std::uint32_t hash, Is&& is) const {
    const std::uint32_t number = table_.find(hash, is);
    return number != none || old_.count() == 0 ? number : old_.find(hash, is);
  }
  void insert(std::uint32_t hash, std::uint32_t number);
  /// There is room for so many, with its memory, when this returns.
  void reserve(std::size_t count);
  /// `number` is there, under `hash`.
  void erase(std::uint32_t hash, std::uint32_t number) {
    if (!table_.erase(hash, number)) old_.erase(hash, number);
  }
  void clear() {
    table_ = Table();
    old_ = Table();
    next_ = Table();
  }
  std::size_t size() const { return table_.count() + old_.count(); }

  /// Has the slots for `hash` fetched from memory. Limit: those of the smaller table are not.
  void prefetch(std::uint32_t hash) const { table_.prefetch(hash); }

 private:
  class Table {
   public:
    Table() = default;
    explicit Table(std::size_t capacity) : memory_(capacity * sizeof(Slot)), capacity_(capacity) {}
    Table(Table&& other) noexcept { swap(other); }
    Table(const Table&) = delete;
    Table& operator=(Table other) noexcept {
      swap(other);
      return *this;
    }

    template <class Is>
    std::uint32_t find(std::uint32_t hash, Is&& is) const {
      if (capacity_ == 0) return none;
      for (std::size_t i = home(hash);; i = next(i)) {
        const Slot slot = slots()[i];
        if (slot.place == 0) return none;
        if (slot.hash == hash && is(slot.place - 1)) return slot.place - 1;
      }
    }
    void insert(std::uint32_t hash, std::uint32_t number);
    bool erase(std::uint32_t hash, std::uint32_t number);
    void prefetch(std::uint32_t hash) const {
      if (capacity_ > 0) prefetch_line(slots() + home(hash));
    }

    /// Has the system give memory for one more huge page of the table; false if none is left.
    bool touch();

    std::size_t count() const { return count_; }
    std::size_t capacity() const { return capacity_; }
    /// A slot behind a free one, where a run may begin.
    std::size_t beginning_of_a_run() const;
    /// Hands the run of slots from `from` on to `target`, or steps over what is free; gives the
    /// slot behind.
    std::size_t move_run(std::size_t from, Table& target);

   private:
    struct Slot {
      std::uint32_t hash = 0;
      std::uint32_t place = 0;  ///< the number and 1; 0: free
    };
    Slot* slots() const { return reinterpret_cast<Slot*>(memory_.data()); }
    std::size_t home(std::uint32_t hash) const {
      return static_cast<std::size_t>(std::uint64_t{hash} * capacity_ >> 32);
    }
    std::size_t next(std::size_t i) const { return i + 1 == capacity_ ? 0 : i + 1; }
    std::size_t distance(std::size_t from, std::size_t to) const {
      return to >= from ? to - from : to + capacity_ - from;
    }
    void swap(Table& other) noexcept {
      std::swap(memory_, other.memory_);
      std::swap(capacity_, other.capacity_);
      std::swap(count_, other.count_);
      std::swap(touched_, other.touched_);
    }

    ZeroedMemory memory_;
    std::size_t capacity_ = 0;
    std::size_t count_ = 0;
    std::size_t touched_ = 0;  ///< bytes
  };

  std::size_t next_capacity() const;
  void prepare();
  void grow();
  void move_some();

  Table table_;
  Table old_;   ///< what has not moved into table_ yet
  Table next_;  ///< empty, for when table_ is full
  std::size_t first_capacity_;
  std::size_t next_to_move_ = 0;
};

}  // namespace stile::nat
