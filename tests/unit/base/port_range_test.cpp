#include "stile/base/port_range.hpp"

#include <catch2/catch.hpp>

using stile::PortRange;

TEST_CASE("port range: two ports with a dash, or one", "[base]") {
  CHECK(PortRange::parse("50000-50100") == PortRange{50000, 50100});
  CHECK(PortRange::parse("1-65535") == PortRange{1, 65535});
  CHECK(PortRange::parse("5000") == PortRange{5000, 5000});
  CHECK(to_string(PortRange{50000, 50100}) == "50000-50100");
  for (const char* text : {"", "-", "5000-", "-5000", "5001-5000", "0-10", "0", "1-65536", "a-b",
                           "1-2-3", " 1-2", "1 - 2", "+1-2"})
    CHECK_FALSE(PortRange::parse(text));
}

TEST_CASE("port range: of all ports, as it is made, or of some", "[base]") {
  CHECK(PortRange{}.is_any());
  CHECK(PortRange{}.is_valid());
  CHECK_FALSE(PortRange{0, 5}.is_valid());
  CHECK_FALSE(PortRange{6, 5}.is_valid());
  CHECK_FALSE(PortRange{6, 6}.is_any());
  CHECK(PortRange{6, 6}.size() == 1);
  CHECK(PortRange{1, 65535}.size() == 65535);
  CHECK(PortRange{6, 8}.contains(8));
  CHECK_FALSE(PortRange{6, 8}.contains(9));
}
