#include <catch2/catch.hpp>

#include "server/shell/wake_up_pace.hpp"

using namespace stile;
using namespace stile::server;
using namespace std::chrono_literals;

namespace {

struct Paced {
  /// So many wake-ups, each after a sleep of so long, that find so many sockets.
  void wake(int times, Duration slept, std::size_t ready) {
    for (int i = 0; i < times; ++i, now += slept) pace.woken(now, now + slept, ready);
  }
  bool pauses() const { return pace.pause(now) > Duration::zero(); }
  WakeUpPace pace;
  Instant now = Instant{} + 1h;
};

}  // namespace

TEST_CASE_METHOD(Paced, "server: what comes alone is served at once", "[server][pace]") {
  wake(1000, WakeUpPace::interval, 1);
  CHECK_FALSE(pauses());
}

TEST_CASE_METHOD(Paced,
                 "server: a worker that is woken all the time looks again at the interval's end",
                 "[server][pace]") {
  wake(8, 10us, 1);
  CHECK(pace.pause(now) == WakeUpPace::interval);
  CHECK(pace.pause(now + 20us) == WakeUpPace::interval - 20us);
}

TEST_CASE_METHOD(Paced, "server: a few brief sleeps are no reason to pause", "[server][pace]") {
  wake(7, 10us, 1);
  CHECK_FALSE(pauses());
  wake(1, 1s, 1);
  wake(7, 10us, 1);
  CHECK_FALSE(pauses());
}

TEST_CASE_METHOD(Paced, "server: a worker that does not get to sleep never pauses",
                 "[server][pace]") {
  wake(1000, 0us, 20);
  CHECK_FALSE(pauses());
}

TEST_CASE_METHOD(Paced, "server: work that takes longer than the interval is not held up",
                 "[server][pace]") {
  wake(8, 10us, 1);
  CHECK(pace.pause(now + WakeUpPace::interval) <= Duration::zero());
}

TEST_CASE_METHOD(Paced, "server: pauses that gather nothing soon end", "[server][pace]") {
  wake(8, 10us, 1);
  wake(5, 0us, 3);
  wake(1, 0us, 1);
  CHECK(pauses());
  wake(6, 0us, 1);
  CHECK_FALSE(pauses());
}

TEST_CASE_METHOD(Paced, "server: from time to time it is tried without pauses", "[server][pace]") {
  wake(8, 10us, 1);
  int paused = 0;
  for (; pauses(); ++paused) wake(1, 0us, 5);
  CHECK(paused == 64);
}
