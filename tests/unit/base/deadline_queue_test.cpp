#include "stile/base/deadline_queue.hpp"

#include <catch2/catch.hpp>

#include "stile/base/random.hpp"

using namespace stile;

namespace {

Instant at(int milliseconds) {
  return Instant(std::chrono::milliseconds(milliseconds));
}

std::vector<int> pop_all(DeadlineQueue<int>& queue, Instant now) {
  std::vector<int> ids;
  while (const auto id = queue.pop_due(now)) ids.push_back(*id);
  return ids;
}

}  // namespace

TEST_CASE("deadline queue: an empty one wakes nobody", "[base]") {
  DeadlineQueue<int> queue;
  CHECK(queue.earliest() == never);
  CHECK_FALSE(queue.pop_due(at(1'000'000)));
  CHECK(queue.size() == 0);
}

TEST_CASE("deadline queue: the earliest comes first, and none before its time", "[base]") {
  DeadlineQueue<int> queue;
  queue.push(at(30), 3);
  queue.push(at(10), 1);
  queue.push(at(20), 2);
  CHECK(queue.earliest() == at(10));
  CHECK(pop_all(queue, at(9)).empty());
  CHECK(pop_all(queue, at(10)) == std::vector{1});
  CHECK(queue.earliest() == at(20));
  CHECK(pop_all(queue, at(99)) == std::vector{2, 3});
  CHECK(queue.earliest() == never);
}

TEST_CASE("deadline queue: equals come in the order of pushing", "[base]") {
  DeadlineQueue<int> queue;
  for (int id = 0; id < 50; ++id) queue.push(at(id % 2), id);
  const auto order = pop_all(queue, at(1));
  REQUIRE(order.size() == 50);
  for (int i = 0; i < 25; ++i) {
    CHECK(order[static_cast<std::size_t>(i)] == 2 * i);
    CHECK(order[static_cast<std::size_t>(25 + i)] == 2 * i + 1);
  }
}

TEST_CASE("deadline queue: what was pushed again for later stays", "[base]") {
  DeadlineQueue<int> queue;
  queue.push(at(10), 1);
  REQUIRE(queue.pop_due(at(10)) == 1);
  queue.push(at(40), 1);
  CHECK(queue.size() == 1);
  CHECK(queue.earliest() == at(40));
  CHECK_FALSE(queue.pop_due(at(39)));
  CHECK(queue.pop_due(at(40)) == 1);
}

TEST_CASE("deadline queue: any order of pushes and pops gives the order of time", "[base]") {
  SeededRandom random(1);
  DeadlineQueue<int> queue;
  std::size_t waiting = 0;
  for (int now = 0; now < 2000; ++now) {
    for (auto pushes = random.below(3); pushes > 0; --pushes, ++waiting) {
      const int deadline = now + static_cast<int>(random.below(100));
      queue.push(at(deadline), deadline);
    }
    const auto due = pop_all(queue, at(now));
    CHECK(std::ranges::is_sorted(due));
    if (!due.empty()) CHECK(due.back() <= now);
    CHECK(queue.earliest() > at(now));
    waiting -= due.size();
    CHECK(queue.size() == waiting);
  }
}
