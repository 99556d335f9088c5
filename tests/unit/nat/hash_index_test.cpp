#include "nat/core/hash_index.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "stile/base/random.hpp"

namespace stile::nat {

namespace {

/// An index beside a map of which it must not differ; the key of record n is keys[n].
struct Beside {
  explicit Beside(std::uint64_t seed, std::uint32_t hashes) : random(seed), hash_count(hashes) {}

  /// Few hashes: many records share one.
  std::uint32_t hash_of(std::uint32_t key) const {
    return key % hash_count * (0xffffffffu / hash_count);
  }
  void insert(std::uint32_t key) {
    const auto number = static_cast<std::uint32_t>(keys.size());
    keys.push_back(key);
    model[key] = number;
    index.insert(hash_of(key), number);
  }
  void erase(std::uint32_t key) {
    index.erase(hash_of(key), model.at(key));
    model.erase(key);
  }
  std::uint32_t find(std::uint32_t key) const {
    return index.find(hash_of(key), [&](std::uint32_t number) { return keys[number] == key; });
  }
  bool agrees(std::uint32_t key) const {
    const auto expected = model.find(key);
    return find(key) == (expected == model.end() ? HashIndex::none : expected->second);
  }

  SeededRandom random;
  std::uint32_t hash_count;
  std::vector<std::uint32_t> keys;
  std::map<std::uint32_t, std::uint32_t> model;
  HashIndex index;
};

}  // namespace

TEST_CASE("hash index: it agrees with a map while it grows and shrinks", "[nat]") {
  const auto seed = GENERATE(1u, 2u, 3u);
  const auto hashes = GENERATE(7u, 400u, 1000003u);
  constexpr std::uint32_t key_count = 3000;
  Beside beside(seed, hashes);
  const int operations = hashes == 7 ? 3000 : 40000;
  for (int i = 0; i < operations; ++i) {
    const std::uint32_t key = beside.random.below(key_count);
    const bool is_there = beside.model.contains(key);
    // Twice more insertions than removals, then the other way round.
    const bool inserts = (beside.random.below(3) < 2) == (i < operations / 2);
    if (inserts && !is_there) beside.insert(key);
    if (!inserts && is_there) beside.erase(key);
    REQUIRE(beside.index.size() == beside.model.size());
    REQUIRE(beside.agrees(beside.random.below(key_count)));
  }
  for (std::uint32_t key = 0; key < key_count; ++key) REQUIRE(beside.agrees(key));
}

TEST_CASE("hash index: after each insertion all that was there is found, also in mid-growth",
          "[nat]") {
  Beside beside(1, 1000003);
  for (std::uint32_t key = 0; key < 1200; ++key) {
    beside.insert(key);
    for (std::uint32_t before = 0; before <= key; ++before) REQUIRE(beside.find(before) == before);
  }
}

TEST_CASE("hash index: removals while records move leave the rest where it is found", "[nat]") {
  Beside beside(4, 1000003);
  std::uint32_t key = 0;
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 40; ++i) beside.insert(key++);
    for (int i = 0; i < 15; ++i) {
      const std::uint32_t victim = beside.random.below(key);
      if (beside.model.contains(victim)) beside.erase(victim);
    }
    for (std::uint32_t each = 0; each < key; ++each) REQUIRE(beside.agrees(each));
  }
}

TEST_CASE("hash index: room that is asked for in the midst of it loses nothing", "[nat]") {
  Beside beside(5, 1000003);
  for (std::uint32_t key = 0; key < 1000; ++key) {
    if (key == 50 || key == 600) beside.index.reserve(key);
    beside.insert(key);
    for (std::uint32_t each = 0; each <= key; each += 7) REQUIRE(beside.agrees(each));
  }
  CHECK(beside.index.size() == 1000);
}

TEST_CASE("hash index: an empty one finds nothing, and a cleared one neither", "[nat]") {
  Beside beside(1, 1000003);
  CHECK(beside.find(5) == HashIndex::none);
  beside.index.erase(17, 3);
  for (std::uint32_t key = 0; key < 100; ++key) beside.insert(key);
  beside.index.clear();
  CHECK(beside.index.size() == 0);
  CHECK(beside.find(5) == HashIndex::none);
}

}  // namespace stile::nat
