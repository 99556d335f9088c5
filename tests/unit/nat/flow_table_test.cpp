#include "nat/core/flow_table.hpp"

#include <catch2/catch.hpp>
#include <map>

namespace stile::nat {

TEST_CASE("flow table: it agrees with a map through many insertions and removals", "[nat]") {
  SeededRandom random(3);
  FlowTable<int> table(random);
  std::map<std::uint64_t, int> model;
  for (int i = 0; i < 200000; ++i) {
    const std::uint64_t first = 1 + random.below(3000);
    const FlowKey key{first, first * 7};
    if (random.below(5) < 2) {
      table.erase(key);
      model.erase(first);
    } else {
      table.at(key) = i;
      model[first] = i;
    }
    REQUIRE(table.size() == model.size());
  }
  for (std::uint64_t first = 1; first <= 3000; ++first) {
    const int* found = table.find({first, first * 7});
    const auto expected = model.find(first);
    REQUIRE((found != nullptr) == (expected != model.end()));
    if (found) CHECK(*found == expected->second);
  }
}

TEST_CASE("flow table: both words of a key count", "[nat]") {
  SeededRandom random(3);
  FlowTable<int> table(random);
  table.at({1, 1}) = 11;
  table.at({1, 2}) = 12;
  table.at({2, 1}) = 21;
  CHECK(*table.find({1, 2}) == 12);
  CHECK(table.find({2, 2}) == nullptr);
  table.erase({2, 2});
  CHECK(table.size() == 3);
  table.clear();
  CHECK(table.find({1, 1}) == nullptr);
}

}  // namespace stile::nat
