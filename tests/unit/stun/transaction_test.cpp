#include "stile/stun/transaction.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::stun;
using std::chrono::milliseconds;

namespace {

struct Course {
  std::vector<int> sent;  ///< milliseconds after the first, which is the first
  int given_up = 0;
  friend bool operator==(const Course&, const Course&) = default;
};

/// What becomes of a request that is never answered, its owner waking in time.
Course without_answer(const RetransmissionPolicy& policy) {
  const Instant start{milliseconds(12'345)};
  const auto since = [&](Instant at) {
    return static_cast<int>(std::chrono::duration_cast<milliseconds>(at - start).count());
  };
  TransactionTimer timer(start, policy);
  Course course{{0}, 0};
  for (;;) {
    const Instant now = timer.deadline();
    CHECK(timer.on_timeout(now - Duration(1)) == TransactionTimer::Action::wait);
    const auto action = timer.on_timeout(now);
    if (action == TransactionTimer::Action::retransmit) course.sent.push_back(since(now));
    if (action == TransactionTimer::Action::timed_out) course.given_up = since(now);
    if (action != TransactionTimer::Action::retransmit || course.sent.size() > 100) break;
    CHECK(timer.sent_count() == course.sent.size());
  }
  CHECK(timer.first_sent() == start);
  return course;
}

}  // namespace

TEST_CASE("stun: a request is sent seven times and given up after 39.5 s",
          "[stun][rfc8489-6.2.1]") {
  CHECK(without_answer({}) == Course{{0, 500, 1500, 3500, 7500, 15'500, 31'500}, 39'500});
}

TEST_CASE("stun: another RTO, Rc and Rm", "[stun][rfc8489-6.2.1]") {
  CHECK(without_answer({.rto = milliseconds(100), .rc = 3, .rm = 4}) == Course{{0, 100, 300}, 700});
  CHECK(without_answer({.rto = milliseconds(100), .rc = 1, .rm = 4}) == Course{{0}, 400});
}

TEST_CASE("stun: evenly spaced, a request is sent 64 times in the same 39.5 s",
          "[stun][rfc8489-6.2.1]") {
  const Course course = without_answer(evenly_spaced(milliseconds(500)));
  REQUIRE(course.sent.size() == 64);
  for (std::size_t i = 0; i < course.sent.size(); ++i)
    CHECK(course.sent[i] == static_cast<int>(i) * 500);
  CHECK(course.given_up == 39'500);
}

TEST_CASE("stun: over a reliable transport a request is sent once and given up after Ti",
          "[stun][rfc8489-6.2.2]") {
  CHECK(without_answer({.reliable = true}) == Course{{0}, 39'500});
  CHECK(without_answer({.reliable = true, .ti = milliseconds(1000)}) == Course{{0}, 1000});
}

TEST_CASE("stun: an owner that wakes late sends once and goes on from there",
          "[stun][rfc8489-6.2.1]") {
  TransactionTimer timer(Instant{}, {});
  const Instant late{milliseconds(5000)};
  CHECK(timer.on_timeout(late) == TransactionTimer::Action::retransmit);
  CHECK(timer.on_timeout(late) == TransactionTimer::Action::wait);
  CHECK(timer.deadline() == late + milliseconds(1000));
}
