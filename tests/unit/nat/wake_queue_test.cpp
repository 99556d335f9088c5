#include "nat/core/wake_queue.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "stile/base/random.hpp"

namespace stile::nat {

namespace {

Instant at(int time) {
  return Instant(std::chrono::milliseconds(time));
}

std::vector<std::uint32_t> drained(WakeQueue& queue) {
  std::vector<std::uint32_t> numbers;
  while (!queue.empty()) {
    numbers.push_back(queue.first().number);
    queue.remove(numbers.back());
  }
  return numbers;
}

}  // namespace

TEST_CASE("wake queue: the earliest comes first, and among equals the one put first", "[nat]") {
  WakeQueue queue;
  CHECK(queue.earliest() == never);
  queue.put(4, at(20));
  queue.put(1, at(10));
  queue.put(3, at(20));
  queue.put(0, at(10));
  CHECK(queue.earliest() == at(10));
  CHECK(drained(queue) == std::vector<std::uint32_t>{1, 0, 4, 3});
}

TEST_CASE("wake queue: an entry moves both ways and leaves nothing behind", "[nat]") {
  WakeQueue queue;
  for (std::uint32_t i = 0; i < 10; ++i) queue.put(i, at(10 * static_cast<int>(i)));
  queue.move(9, at(5));
  queue.move(0, at(100));
  queue.remove(4);
  CHECK(queue.size() == 9);
  CHECK(queue.wake_of(9) == at(5));
  CHECK(drained(queue) == std::vector<std::uint32_t>{9, 1, 2, 3, 5, 6, 7, 8, 0});
}

TEST_CASE("wake queue: it agrees with a sorted map through many changes", "[nat]") {
  SeededRandom random(GENERATE(1u, 2u, 3u));
  WakeQueue queue;
  int sequence = 0;
  std::map<std::uint32_t, std::pair<Instant, int>> entries;
  std::map<std::pair<Instant, int>, std::uint32_t> sorted;
  const auto forget = [&](std::uint32_t number) {
    sorted.erase(entries.at(number));
    entries.erase(number);
  };
  for (int i = 0; i < 20000; ++i) {
    const std::uint32_t number = random.below(700);
    const std::pair when{at(static_cast<int>(random.below(500))), sequence};
    const bool is_there = entries.contains(number);
    if (is_there && random.below(3) == 0) {
      queue.remove(number);
      forget(number);
    } else {
      if (is_there) forget(number);
      is_there ? queue.move(number, when.first) : queue.put(number, when.first);
      ++sequence;
      entries[number] = when;
      sorted[when] = number;
    }
    REQUIRE(queue.size() == sorted.size());
    if (sorted.empty()) continue;
    REQUIRE(queue.earliest() == sorted.begin()->first.first);
    REQUIRE(queue.first().number == sorted.begin()->second);
  }
}

}  // namespace stile::nat
