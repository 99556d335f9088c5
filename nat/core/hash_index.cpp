#include "nat/core/hash_index.hpp"

#include <cassert>

namespace stile::nat {

void HashIndex::Table::insert(std::uint32_t hash, std::uint32_t number) {
  assert(count_ < capacity_ && "a look-up ends at a free slot");
  std::size_t i = home(hash);
  while (slots()[i].place != 0) i = next(i);
  slots()[i] = {hash, number + 1};
  ++count_;
}

bool HashIndex::Table::erase(std::uint32_t hash, std::uint32_t number) {
  if (count_ == 0) return false;
  std::size_t hole = home(hash);
  while (slots()[hole].place != number + 1) {
    if (slots()[hole].place == 0) return false;
    hole = next(hole);
  }
  // What follows in the run moves up, unless that would put it before its home.
  for (std::size_t i = next(hole); slots()[i].place != 0; i = next(i)) {
    if (distance(home(slots()[i].hash), i) < distance(hole, i)) continue;
    slots()[hole] = slots()[i];
    hole = i;
  }
  slots()[hole] = {};
  --count_;
  return true;
}

std::size_t HashIndex::Table::beginning_of_a_run() const {
  std::size_t i = 0;
  while (slots()[i].place != 0) i = next(i);
  return next(i);
}

std::size_t HashIndex::Table::move_run(std::size_t from, Table& target) {
  std::size_t i = from;
  for (; slots()[i].place != 0; i = next(i)) {
    target.insert(slots()[i].hash, slots()[i].place - 1);
    slots()[i] = {};
    --count_;
  }
  return next(i);
}

bool HashIndex::Table::touch() {
  if (touched_ >= capacity_ * sizeof(Slot)) return false;
  // Written, not read, as reading an untouched page gives none.
  *const_cast<volatile std::byte*>(memory_.data() + touched_) = std::byte{0};
  touched_ += ZeroedMemory::huge_page;
  return true;
}

void HashIndex::reserve(std::size_t count) {
  const std::size_t capacity = count * 2;
  if (capacity <= table_.capacity()) return;
  next_ = Table(capacity);
  while (next_.touch()) {
  }
  grow();
}

/// A table is at least half full, if nothing was erased, and at most three quarters.
void HashIndex::insert(std::uint32_t hash, std::uint32_t number) {
  if ((size() + 1) * 4 > table_.capacity() * 3)
    grow();
  else if (size() * 8 > table_.capacity() * 5)
    prepare();
  table_.insert(hash, number);
  move_some();
}

std::size_t HashIndex::next_capacity() const {
  return table_.capacity() == 0 ? first_capacity_ : table_.capacity() / 2 * 3;
}

void HashIndex::prepare() {
  if (next_.capacity() == 0)
    next_ = Table(next_capacity());
  else
    next_.touch();
}

void HashIndex::grow() {
  while (old_.count() > 0) next_to_move_ = old_.move_run(next_to_move_, table_);
  if (next_.capacity() == 0) next_ = Table(next_capacity());
  old_ = std::move(table_);
  table_ = std::move(next_);
  next_ = Table();
  if (old_.count() > 0) next_to_move_ = old_.beginning_of_a_run();
}

/// So many runs with each insertion that all have moved long before the next growth.
void HashIndex::move_some() {
  if (old_.capacity() == 0) return;
  constexpr int runs = 8;
  for (int i = 0; i < runs && old_.count() > 0; ++i)
    next_to_move_ = old_.move_run(next_to_move_, table_);
  if (old_.count() == 0) old_ = Table();
}

}  // namespace stile::nat
