#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "nat/core/endpoint.hpp"
#include "stile/base/random.hpp"

namespace stile::nat {

/// Two words that name a flow, half a flow, a host or a datagram. `first` is never 0.
struct FlowKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  friend constexpr bool operator==(const FlowKey&, const FlowKey&) = default;
};

constexpr FlowKey flow_key(Protocol protocol, Endpoint ours, Endpoint remote = {}) {
  return {std::uint64_t{ours.address} << 32 | std::uint64_t{ours.port} << 16 |
              static_cast<std::uint8_t>(protocol),
          std::uint64_t{remote.address} << 16 | remote.port};
}

/// A hash table with linear probing. Finding touches one run of memory and allocates nothing; it is
/// never walked, so that no output can depend on its order. The hash is keyed, so that a sender
/// cannot choose flows that collide.
template <class Value>
class FlowTable {
 public:
  explicit FlowTable(Random& random) : seed_{random.u64(), random.u64()}, slots_(initial_slots) {}

  Value* find(const FlowKey& key) {
    for (std::size_t i = home(key);; i = next(i)) {
      if (slots_[i].key == key) return &slots_[i].value;
      if (is_empty(i)) return nullptr;
    }
  }
  const Value* find(const FlowKey& key) const { return const_cast<FlowTable*>(this)->find(key); }

  /// The value under `key`, made first if there was none.
  Value& at(const FlowKey& key) {
    if (Value* value = find(key)) return *value;
    if ((size_ + 1) * 2 > slots_.size()) grow();
    ++size_;
    return place(key, Value{});
  }

  void erase(const FlowKey& key) {
    std::size_t hole = home(key);
    while (!(slots_[hole].key == key)) {
      if (is_empty(hole)) return;
      hole = next(hole);
    }
    // What follows in the run moves up, unless that would put it before its home.
    for (std::size_t i = next(hole); !is_empty(i); i = next(i)) {
      if (distance(home(slots_[i].key), i) < distance(hole, i)) continue;
      slots_[hole] = std::move(slots_[i]);
      hole = i;
    }
    slots_[hole] = Slot{};
    --size_;
  }

  void clear() {
    slots_.assign(initial_slots, Slot{});
    size_ = 0;
  }
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    FlowKey key;
    Value value{};
  };
  static constexpr std::size_t initial_slots = 64;

  bool is_empty(std::size_t i) const { return slots_[i].key.first == 0; }
  std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
  std::size_t distance(std::size_t from, std::size_t to) const {
    return (to - from) & (slots_.size() - 1);
  }
  std::size_t home(const FlowKey& key) const {
    std::uint64_t h = mix(mix(key.first ^ seed_[0]) + (key.second ^ seed_[1]));
    return static_cast<std::size_t>(h) & (slots_.size() - 1);
  }
  static std::uint64_t mix(std::uint64_t x) {
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
    x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
  }

  Value& place(const FlowKey& key, Value value) {
    std::size_t i = home(key);
    while (!is_empty(i)) i = next(i);
    slots_[i] = {key, std::move(value)};
    return slots_[i].value;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (Slot& slot : old)
      if (slot.key.first != 0) place(slot.key, std::move(slot.value));
  }

  std::uint64_t seed_[2];
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace stile::nat
