#include <catch2/catch.hpp>

#include "stile/base/address.hpp"

using namespace stile;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(std::string_view text) {
  return IpPrefix::parse(text).value();
}

}  // namespace

TEST_CASE("prefix: texts are read, and written without host bits", "[base][rfc4632-3.1]") {
  const auto [text, canonical] = GENERATE(table<std::string, std::string>({
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"10.1.2.3/8", "10.0.0.0/8"},
      {"192.0.2.255/25", "192.0.2.128/25"},
      {"192.0.2.1", "192.0.2.1/32"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"255.255.255.255/0", "0.0.0.0/0"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
      {"2001:db8::1", "2001:db8::1/128"},
      {"::/0", "::/0"},
      {"::ffff:10.1.2.3/104", "10.0.0.0/8"},
      {"::ffff:0.0.0.0/96", "0.0.0.0/0"},
      {"::ffff:10.1.2.3", "10.1.2.3/32"},
  }));
  const auto parsed = IpPrefix::parse(text);
  REQUIRE(parsed);
  CHECK(parsed->to_string() == canonical);
  CHECK(IpPrefix::parse(canonical) == parsed);
}

TEST_CASE("prefix: what is none is refused", "[base]") {
  const std::string text =
      GENERATE("", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
               "10.0.0.0/ 8", "10.0.0/8", "2001:db8::/129", "::ffff:10.0.0.0/95",
               "::ffff:10.0.0.0/8", "::ffff:10.0.0.0/129", "10.0.0.0/4294967304");
  CHECK_FALSE(IpPrefix::parse(text));
}

TEST_CASE("prefix: it holds its first and its last address, and not their neighbours", "[base]") {
  const auto [block, before, first, last, after] =
      GENERATE(table<std::string, std::string, std::string, std::string, std::string>({
          {"10.0.0.0/8", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
          {"192.0.2.128/25", "192.0.2.127", "192.0.2.128", "192.0.2.255", "192.0.3.0"},
          {"192.0.2.4/32", "192.0.2.3", "192.0.2.4", "192.0.2.4", "192.0.2.5"},
          {"fc00::/7", "fbff:ffff::", "fc00::", "fdff:ffff:ffff::", "fe00::"},
          {"2001:db8::/127", "2001:db7::", "2001:db8::", "2001:db8::1", "2001:db8::2"},
      }));
  INFO(block);
  CHECK_FALSE(prefix(block).contains(ip(before)));
  CHECK(prefix(block).contains(ip(first)));
  CHECK(prefix(block).contains(ip(last)));
  CHECK_FALSE(prefix(block).contains(ip(after)));
}

TEST_CASE("prefix: a block holds addresses of its own family only", "[base][rfc4291-2.5.5.2]") {
  CHECK_FALSE(prefix("::/0").contains(ip("192.0.2.1")));
  CHECK_FALSE(prefix("0.0.0.0/0").contains(ip("2001:db8::1")));
  CHECK_FALSE(prefix("::/96").contains(ip("192.0.2.1")));
  CHECK(prefix("::/0").contains(ip("::192.0.2.1")));
}

TEST_CASE("prefix: a mapped address is in the block of the IPv4 address", "[base]") {
  CHECK(prefix("10.0.0.0/8").contains(ip("::ffff:10.1.2.3")));
  CHECK(prefix("::ffff:10.0.0.0/104").contains(ip("10.1.2.3")));
}

TEST_CASE("prefix: a length beyond the address's is the whole address", "[base]") {
  CHECK(IpPrefix(ip("192.0.2.1"), 99).length() == 32);
  CHECK(IpPrefix(ip("2001:db8::1"), 999).length() == 128);
}
