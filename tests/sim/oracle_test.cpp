#include "nat/sim/oracle.hpp"

#include <catch2/catch.hpp>

namespace stile::sim::test {

namespace {

Path path(const char* a, const char* b) {
  return expected_path(*parse_behavior(a), *parse_behavior(b), true);
}

}  // namespace

// What textbooks say of the four "cone" types, as far as RFC 4787's words express them.
TEST_CASE("oracle: the classical pairs", "[sim][rfc4787-4.1][rfc4787-5]") {
  CHECK(path("EIM/EIF", "EIM/EIF") == Path::direct);
  CHECK(path("EIM/APDF", "EIM/APDF") == Path::direct);
  CHECK(path("APDM/APDF", "EIM/EIF") == Path::direct);
  CHECK(path("APDM/APDF", "EIM/ADF") == Path::direct);
  CHECK(path("APDM/APDF", "EIM/APDF") == Path::relay);
  CHECK(path("APDM/APDF", "APDM/APDF") == Path::relay);
}

TEST_CASE("oracle: who calls makes no difference", "[sim]") {
  for (const NatBehavior& a : all_behaviors())
    for (const NatBehavior& b : all_behaviors())
      CHECK(expected_path(a, b, true) == expected_path(b, a, true));
}

TEST_CASE("oracle: a relay helps exactly those who cannot meet directly", "[sim]") {
  for (const NatBehavior& a : all_behaviors()) {
    for (const NatBehavior& b : all_behaviors()) {
      const bool direct = expected_path(a, b, true) == Path::direct;
      CHECK(expected_path(a, b, false) == (direct ? Path::direct : Path::none));
    }
  }
}

TEST_CASE("oracle: a more permissive NAT never makes it worse", "[sim]") {
  using nat::Behavior;
  const auto direct = [](const NatBehavior& a, const NatBehavior& b) {
    return expected_path(a, b, false) == Path::direct;
  };
  for (const NatBehavior& a : all_behaviors()) {
    for (const NatBehavior& b : all_behaviors()) {
      if (!direct(a, b)) continue;
      CHECK(direct({a.mapping, Behavior::endpoint_independent}, b));
      CHECK(direct({Behavior::endpoint_independent, a.filtering}, b));
    }
  }
}

}  // namespace stile::sim::test
