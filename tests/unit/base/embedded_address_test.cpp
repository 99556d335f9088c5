#include "stile/base/embedded_address.hpp"

#include <catch2/catch.hpp>

using namespace stile;

TEST_CASE("embedded address: what a translator or a tunnel would send to is found",
          "[base][rfc4291-2.5.5.1][rfc6052-2.1][rfc3056-2][rfc4380-4][rfc5214-6.1]") {
  const auto [outer, inner] = GENERATE(table<std::string, std::string>({
      {"::10.1.2.3", "10.1.2.3"},
      {"::2", "0.0.0.2"},
      {"64:ff9b::10.1.2.3", "10.1.2.3"},
      {"2002:a01:203::1", "10.1.2.3"},
      {"2002:7f00:1:ffff:ffff:ffff:ffff:ffff", "127.0.0.1"},
      {"2001:0:4136:e378:8000:63bf:f5fe:fdfc", "10.1.2.3"},
      {"2001:db8::5efe:10.1.2.3", "10.1.2.3"},
      {"fe80::200:5efe:10.1.2.3", "10.1.2.3"},
  }));
  INFO(outer);
  CHECK(embedded_ipv4(*IpAddress::parse(outer)) == IpAddress::parse(inner));
}

TEST_CASE("embedded address: addresses that carry none", "[base]") {
  const std::string text =
      GENERATE("10.1.2.3", "::ffff:10.1.2.3", "::", "::1", "2001:db8::1", "64:ff9b:1::10.1.2.3",
               "64:ff9b:0:1::10.1.2.3", "2003:a01:203::1", "2001:1::f5fe:fdfc",
               "2001:db8::5eff:10.1.2.3", "2001:db8::100:5efe:10.1.2.3", "fe80::1");
  INFO(text);
  CHECK_FALSE(embedded_ipv4(*IpAddress::parse(text)));
}
