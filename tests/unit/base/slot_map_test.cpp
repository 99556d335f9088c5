#include "stile/base/slot_map.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

using namespace stile;

namespace {

using Map = SlotMap<std::string>;

std::vector<std::string> values(const Map& map) {
  std::vector<std::string> all;
  map.for_each([&](Map::Id, const std::string& value) { all.push_back(value); });
  return all;
}

}  // namespace

TEST_CASE("slot map: an object is found by its id until it is erased", "[base]") {
  Map map;
  CHECK(map.empty());
  const auto a = map.insert("a");
  const auto b = map.insert("b");
  REQUIRE(map.find(a));
  CHECK(*map.find(a) == "a");
  CHECK(*std::as_const(map).find(b) == "b");
  CHECK(map.size() == 2);
  CHECK(map.erase(a));
  CHECK(map.find(a) == nullptr);
  CHECK_FALSE(map.erase(a));
  CHECK(map.size() == 1);
}

TEST_CASE("slot map: an id whose object is gone does not find the next one in its place",
          "[base]") {
  Map map;
  const auto first = map.insert("first");
  map.erase(first);
  const auto second = map.insert("second");
  CHECK(second.index == first.index);
  CHECK(second.generation != first.generation);
  CHECK(map.find(first) == nullptr);
  CHECK_FALSE(map.erase(first));
  CHECK(*map.find(second) == "second");
  CHECK(map.id_at(second.index) == second);
}

TEST_CASE("slot map: the empty id, and ids of elsewhere, find nothing", "[base]") {
  Map map;
  CHECK(map.find({}) == nullptr);
  const auto id = map.insert("a");
  CHECK(id);
  CHECK_FALSE(Map::Id{});
  CHECK(map.find({}) == nullptr);
  CHECK(map.find({7, 1}) == nullptr);
  CHECK_FALSE(map.erase({UINT32_MAX, 1}));
}

TEST_CASE("slot map: objects are visited in the order of their places", "[base]") {
  Map map;
  const auto a = map.insert("a");
  const auto b = map.insert("b");
  map.insert("c");
  map.erase(b);
  map.erase(a);
  map.insert("d");
  map.insert("e");
  CHECK(values(map) == std::vector<std::string>{"d", "e", "c"});
  map.for_each([&](Map::Id id, std::string& value) {
    CHECK(map.find(id) == &value);
    value += "!";
  });
  CHECK(values(map) == std::vector<std::string>{"d!", "e!", "c!"});
}

TEST_CASE("slot map: places are used again", "[base]") {
  Map map;
  for (int round = 0; round < 1000; ++round) map.erase(map.insert("x"));
  CHECK(map.insert("y").index == 0);
}

TEST_CASE("slot map: an erased object is destroyed at once", "[base]") {
  SlotMap<std::shared_ptr<int>> map;
  const auto held = std::make_shared<int>(1);
  const auto id = map.insert(held);
  CHECK(held.use_count() == 2);
  map.erase(id);
  CHECK(held.use_count() == 1);
}

TEST_CASE("slot map: ids are ordered and have a hash of all they are", "[base]") {
  using Id = SlotId<int>;
  CHECK(Id{1, 2} == Id{1, 2});
  CHECK(Id{1, 2} < Id{1, 3});
  CHECK(std::hash<Id>{}({1, 2}) != std::hash<Id>{}({1, 3}));
  CHECK(std::hash<Id>{}({1, 2}) != std::hash<Id>{}({2, 2}));
}
