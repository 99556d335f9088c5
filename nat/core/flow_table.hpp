#pragma once

#include <utility>

#include "nat/core/flow_key.hpp"
#include "nat/core/hash_index.hpp"
#include "nat/core/record_pool.hpp"

namespace stile::nat {

/// What is kept under a key. Nothing in it moves, and neither insertions nor removals take longer
/// the more there is. It is never walked in the order of hashes.
template <class Value>
class FlowTable {
 public:
  explicit FlowTable(Random& random) : hash_(random) {}

  Value* find(const FlowKey& key) {
    const std::uint32_t place = place_of(key);
    return place == HashIndex::none ? nullptr : &entries_[place].value;
  }
  const Value* find(const FlowKey& key) const { return const_cast<FlowTable*>(this)->find(key); }

  /// The value under `key`, made first if there was none.
  Value& at(const FlowKey& key) {
    if (Value* value = find(key)) return *value;
    const std::uint32_t place = entries_.insert({key, Value{}});
    index_.insert(hash_(key), place);
    return entries_[place].value;
  }

  void reserve(std::size_t count) {
    index_.reserve(count);
    entries_.reserve(count);
  }
  void erase(const FlowKey& key) {
    const std::uint32_t place = place_of(key);
    if (place == HashIndex::none) return;
    index_.erase(hash_(key), place);
    entries_.erase(place);
  }

  void clear() {
    index_.clear();
    entries_.clear();
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    FlowKey key;
    Value value{};
  };
  std::uint32_t place_of(const FlowKey& key) const {
    if (entries_.empty()) return HashIndex::none;
    return index_.find(hash_(key), [&](std::uint32_t place) { return entries_[place].key == key; });
  }

  FlowHash hash_;
  HashIndex index_;
  RecordPool<Entry> entries_;
};

}  // namespace stile::nat
