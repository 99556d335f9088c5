#include "nat/core/record_pool.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace stile::nat {

TEST_CASE("record pool: an id of what was removed finds nothing, though its place is taken again",
          "[nat]") {
  RecordPool<std::string> pool;
  const std::uint32_t first = pool.insert("first");
  const auto id = pool.id_of(first);
  CHECK(*pool.find(id) == "first");
  pool.erase(first);
  CHECK(pool.find(id) == nullptr);
  CHECK(pool.insert("second") == first);
  CHECK(pool.find(id) == nullptr);
  CHECK(pool[first] == "second");
  CHECK(pool.find({}) == nullptr);
  CHECK(pool.find({17, 1}) == nullptr);
}

TEST_CASE("record pool: nothing moves when it grows, and it is walked in the order of numbers",
          "[nat]") {
  RecordPool<std::string> pool;
  const std::string* const first = &pool[pool.insert("0")];
  for (int i = 1; i < 40000; ++i) pool.insert(std::to_string(i));
  CHECK(&pool[0] == first);
  pool.erase(7);
  std::uint32_t next = 0;
  pool.for_each([&](std::uint32_t number, const std::string& text) {
    if (next == 7) ++next;
    REQUIRE(number == next++);
    REQUIRE(text == std::to_string(number));
  });
  CHECK(next == 40000);
  CHECK(pool.size() == 39999);
}

}  // namespace stile::nat
