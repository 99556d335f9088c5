#include "nat/ipv6/prefix64.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::nat;

namespace {

IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

}  // namespace

TEST_CASE("prefix64: the examples of the RFC, in both directions", "[nat][rfc6052-2.4]") {
  const std::pair<const char*, const char*> examples[] = {
      {"2001:db8::/32", "2001:db8:c000:221::"},
      {"2001:db8:100::/40", "2001:db8:1c0:2:21::"},
      {"2001:db8:122::/48", "2001:db8:122:c000:2:2100::"},
      {"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"},
      {"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::"},
      {"2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"},
      {"64:ff9b::/96", "64:ff9b::192.0.2.33"}};
  for (const auto& [prefix, address] : examples) {
    CAPTURE(prefix);
    const auto made = Prefix64::parse(prefix);
    REQUIRE(made);
    CHECK(made->embed(0xc0000221) == ip(address));
    CHECK(made->extract(ip(address)) == 0xc0000221);
    CHECK_FALSE(made->extract(ip("2001:db9::1")));
  }
}

TEST_CASE("prefix64: bits 64 to 71 are zero, and lengths are six", "[nat][rfc6052-2.2]") {
  CHECK_FALSE(Prefix64::parse("2001:db8:122:344:100::/96"));
  CHECK_FALSE(Prefix64::parse("2001:db8::/33"));
  CHECK_FALSE(Prefix64::parse("2001:db8::/128"));
  CHECK_FALSE(Prefix64::parse("192.0.2.0/24"));
  CHECK_FALSE(Prefix64::parse("x"));
  const auto suffixed = *Prefix64::parse("2001:db8::/32");
  CHECK(suffixed.extract(ip("2001:db8:c000:221:ff:ffff:ffff:ffff")) == 0xc0000221);
}

TEST_CASE("prefix64: a block of one is a block of IPv4", "[nat][rfc6052-2.2]") {
  const auto of = [](const char* prefix, const char* block) {
    const auto found = Prefix64::parse(prefix)->extract(*IpPrefix::parse(block));
    return found ? found->to_string() : "none";
  };
  CHECK(of("64:ff9b::/96", "64:ff9b::192.0.2.33/128") == "192.0.2.33/32");
  CHECK(of("64:ff9b::/96", "64:ff9b::192.0.2.0/120") == "192.0.2.0/24");
  CHECK(of("64:ff9b::/96", "64:ff9b::/96") == "0.0.0.0/0");
  CHECK(of("64:ff9b::/96", "64:ff9b::/32") == "0.0.0.0/0");
  CHECK(of("64:ff9b::/96", "::/0") == "0.0.0.0/0");
  CHECK(of("64:ff9b::/96", "2001:db8::/32") == "none");
  CHECK(of("64:ff9b::/96", "192.0.2.0/24") == "none");
  CHECK(of("2001:db8:100::/40", "2001:db8:1c0:2::/64") == "192.0.2.0/24");
  CHECK(of("2001:db8:100::/40", "2001:db8:1c0:2::/72") == "192.0.2.0/24");
  CHECK(of("2001:db8:100::/40", "2001:db8:1c0:2:20::/76") == "192.0.2.32/28");
  CHECK(of("2001:db8:100::/40", "2001:db8:1c0:2:21::/80") == "192.0.2.33/32");
  CHECK(of("2001:db8:100::/40", "2001:db8:1c0:2:21::/128") == "192.0.2.33/32");
  CHECK(of("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::/128") == "192.0.2.33/32");
}

TEST_CASE("prefix64: the well-known prefix is not for addresses that are not global",
          "[nat][rfc6052-3.1]") {
  CHECK(Prefix64().is_well_known());
  CHECK_FALSE(Prefix64::parse("2001:db8::/96")->is_well_known());
  for (const char* text : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1",
                           "169.254.1.1", "100.64.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"})
    CHECK_FALSE(is_global(ip(text).v4_bits()));
  for (const char* text : {"8.8.8.8", "172.32.0.1", "192.1.0.1", "100.128.0.0", "9.255.255.255"})
    CHECK(is_global(ip(text).v4_bits()));
}
