#include "stile/base/instant.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace std::chrono_literals;

namespace {

template <class Clock>
concept Readable = requires { Clock::now(); };

}  // namespace

TEST_CASE("instant: the cores' clock cannot be read", "[base]") {
  STATIC_REQUIRE_FALSE(Readable<CoreClock>);
  STATIC_REQUIRE(Readable<std::chrono::steady_clock>);
}

TEST_CASE("instant: it is no time of another clock, and no calendar time", "[base]") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::chrono::steady_clock::time_point, Instant>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<UnixSeconds, Instant>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::int64_t, Instant>);
}

TEST_CASE("instant: microseconds are told apart, and nothing comes after never", "[base]") {
  const Instant start{};
  CHECK(start + 1us > start);
  CHECK(start + 1s - start == 1'000'000us);
  CHECK(start + std::chrono::years(1000) < never);
  CHECK(UnixSeconds{1} < UnixSeconds{2});
}
