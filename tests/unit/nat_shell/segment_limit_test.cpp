#include "nat/shell/segment_limit.hpp"

#include <catch2/catch.hpp>

namespace stile::nat::shell::test {

namespace {

Placement between(Family inside, std::uint16_t inside_mtu, Family outside,
                  std::uint16_t outside_mtu) {
  Placement placement;
  placement.inside.family = inside;
  placement.inside.interface.mtu = inside_mtu;
  placement.outside.family = outside;
  placement.outside.interface.mtu = outside_mtu;
  return placement;
}

}  // namespace

TEST_CASE("segment limit: what fits both interfaces", "[nat][shell][rfc9293-3.7.1]") {
  RunOptions options;
  options.clamp_mss = 0;
  CHECK(segment_limit(options, between(Family::ipv4, 1500, Family::ipv4, 1492)) == 1452);
  CHECK(segment_limit(options, between(Family::ipv4, 1400, Family::ipv4, 9000)) == 1360);
  // NAT64 and the CLAT: a packet grows on one way and shrinks on the other.
  CHECK(segment_limit(options, between(Family::ipv6, 1500, Family::ipv4, 1500)) == 1440);
  CHECK(segment_limit(options, between(Family::ipv6, 1280, Family::ipv6, 1500)) == 1220);
}

TEST_CASE("segment limit: one that is given counts whatever the interfaces are", "[nat][shell]") {
  RunOptions options;
  options.clamp_mss = 1300;
  CHECK(segment_limit(options, between(Family::ipv4, 576, Family::ipv4, 576)) == 1300);
  CHECK_FALSE(segment_limit({}, between(Family::ipv4, 576, Family::ipv4, 576)));
}

}  // namespace stile::nat::shell::test
