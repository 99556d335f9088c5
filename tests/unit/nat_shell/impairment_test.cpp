#include "nat/shell/impairment.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;
using namespace std::chrono_literals;

namespace {

ByteVector packet(std::uint8_t mark) {
  return {mark};
}
const Instant start{1s};

}  // namespace

TEST_CASE("impairment: nothing configured lets everything pass", "[nat][shell]") {
  SeededRandom random(1);
  Impairment impairment({}, random);
  CHECK(impairment.handle_packet(start, Side::inside, packet(1)) == Impairment::Fate::pass);
  CHECK(impairment.poll_timeout() == never);
}

TEST_CASE("impairment: a delayed packet comes out when its time has come, not before",
          "[nat][shell]") {
  SeededRandom random(1);
  Impairment impairment({.delay = 20ms}, random);
  REQUIRE(impairment.handle_packet(start, Side::outside, packet(7)) == Impairment::Fate::held);
  CHECK(impairment.poll_timeout() == start + 20ms);
  CHECK_FALSE(impairment.poll_packet(start + 19999us));
  const auto released = impairment.poll_packet(start + 20ms);
  REQUIRE(released);
  CHECK(released->to == Side::outside);
  CHECK(released->packet == packet(7));
  CHECK(impairment.poll_timeout() == never);
}

TEST_CASE("impairment: jitter varies the delay within its bounds and keeps each direction's order",
          "[nat][shell]") {
  SeededRandom random(1);
  Impairment impairment({.delay = 20ms, .jitter = 10ms}, random);
  for (std::uint8_t i = 0; i < 100; ++i) {
    const Side to = i % 2 == 0 ? Side::inside : Side::outside;
    REQUIRE(impairment.handle_packet(start + i * 100us, to, packet(i)) == Impairment::Fate::held);
  }
  CHECK(impairment.poll_timeout() >= start + 10ms);
  int last[2] = {-1, -1};
  for (int i = 0; i < 100; ++i) {
    const auto released = impairment.poll_packet(start + 10ms + 30ms);
    REQUIRE(released);
    int& before = last[static_cast<std::size_t>(released->to)];
    CHECK(before < released->packet[0]);
    before = released->packet[0];
  }
}

TEST_CASE("impairment: jitter beyond the delay does not go back in time", "[nat][shell]") {
  SeededRandom random(1);
  Impairment impairment({.jitter = 10ms}, random);
  for (std::uint8_t i = 0; i < 50; ++i) impairment.handle_packet(start, Side::inside, packet(i));
  CHECK(impairment.poll_timeout() >= start);
}

TEST_CASE("impairment: loss takes about the share that is asked for", "[nat][shell]") {
  SeededRandom random(42);
  Impairment impairment({.loss = 0.25}, random);
  for (int i = 0; i < 10000; ++i) impairment.handle_packet(start, Side::inside, packet(0));
  CHECK(impairment.counters().lost > 2300);
  CHECK(impairment.counters().lost < 2700);
}

TEST_CASE("impairment: beyond its limit packets are dropped and counted", "[nat][shell]") {
  SeededRandom random(1);
  Impairment impairment({.delay = 1s, .max_held = 3}, random);
  for (std::uint8_t i = 0; i < 5; ++i) impairment.handle_packet(start, Side::inside, packet(i));
  CHECK(impairment.counters().delayed == 3);
  CHECK(impairment.counters().dropped_full == 2);
}
