#include "nat/shell/option_text.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::nat::shell;
using namespace std::chrono_literals;

TEST_CASE("options: durations are read with their units", "[nat][shell]") {
  CHECK(parse_duration("300s") == Duration(300s));
  CHECK(parse_duration("2h4m") == Duration(124min));
  CHECK(parse_duration("20ms") == Duration(20ms));
  CHECK(parse_duration("500us") == Duration(500us));
  CHECK(parse_duration("1.5s") == Duration(1500ms));
  CHECK(parse_duration("1m30s") == Duration(90s));
  CHECK(parse_duration("7") == Duration(7s));
  CHECK(parse_duration("0") == Duration(0s));
}

TEST_CASE("options: what is no duration is refused", "[nat][shell]") {
  const auto* text = GENERATE("", "s", "soon", "-1s", "1x", "1s2", "1 s", "nan", "inf", "1e3s",
                              "999999999h", "1sm");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("options: durations are written as they are read", "[nat][shell]") {
  CHECK(to_text(300s) == "300s");
  CHECK(to_text(124min) == "2h4m");
  CHECK(to_text(240s) == "240s");
  CHECK(to_text(20ms) == "20ms");
  CHECK(to_text(0s) == "0s");
  const auto value =
      GENERATE(Duration(1500ms), Duration(3723s), Duration(601s), Duration(1us), Duration(48h));
  CHECK(parse_duration(to_text(value)) == value);
}

TEST_CASE("options: a limit of segments", "[nat][shell]") {
  CHECK(parse_segment_limit("auto") == 0);
  CHECK(parse_segment_limit("1452") == 1452);
  const auto text = GENERATE("", "off", "87", "65496", "1452 ", "0x500", "-1");
  CHECK_FALSE(parse_segment_limit(text));
  CHECK(to_text(parse_segment_limit("1452")) == "1452");
  CHECK(to_text(parse_segment_limit("auto")) == "auto");
  CHECK(to_text(std::optional<std::uint16_t>()) == "off");
}

TEST_CASE("options: percents", "[nat][shell]") {
  CHECK(*parse_percent("1%") == Approx(0.01));
  CHECK(*parse_percent("0.5%") == Approx(0.005));
  CHECK(*parse_percent("100") == Approx(1.0));
  const auto* text = GENERATE("", "%", "101%", "-1%", "1%%", "one");
  CAPTURE(text);
  CHECK_FALSE(parse_percent(text));
}

TEST_CASE("options: port ranges", "[nat][shell]") {
  CHECK(parse_port_range("1024-65535") == std::pair<std::uint16_t, std::uint16_t>(1024, 65535));
  CHECK(parse_port_range("5000") == std::pair<std::uint16_t, std::uint16_t>(5000, 5000));
  const auto* text = GENERATE("", "-", "2-1", "1-", "-5", "1-65536", "a-b", "1-2-3");
  CAPTURE(text);
  CHECK_FALSE(parse_port_range(text));
}

TEST_CASE("options: external addresses are one, a range or a block", "[nat][shell]") {
  const auto count = [](const char* text) {
    const auto addresses = parse_addresses(text);
    return addresses ? addresses->size() : 0;
  };
  CHECK(count("192.0.2.1") == 1);
  CHECK(count("192.0.2.1-192.0.2.9") == 9);
  CHECK(count("192.0.2.16/28") == 16);
  CHECK(count("10.0.0.0/16") == 65536);
  CHECK(parse_addresses("192.0.2.1-192.0.2.3")->back() == IpAddress::v4(192, 0, 2, 3));
  const auto* text = GENERATE("", "192.0.2", "192.0.2.9-192.0.2.1", "192.0.2.1-", "-192.0.2.1",
                              "192.0.2.0/33", "10.0.0.0/15", "2001:db8::1", "0.0.0.0/0", "x/8");
  CAPTURE(text);
  CHECK(count(text) == 0);
}

TEST_CASE("options: rules for ports", "[nat][shell]") {
  for (const char* text : {"udp", "udp:53", "tcp:1-1023", "icmp", "any"}) {
    CAPTURE(text);
    const auto rule = parse_port_rule(text);
    REQUIRE(rule);
    CHECK(to_text(*rule) == text);
  }
  CHECK(parse_port_rule("udp:53")->matches(nat::Protocol::udp, 53));
  CHECK_FALSE(parse_port_rule("udp:53")->matches(nat::Protocol::tcp, 53));
  CHECK_FALSE(parse_port_rule("udp:53")->matches(nat::Protocol::udp, 54));
  CHECK(parse_port_rule("any")->matches(nat::Protocol::icmp, 0));
  for (const char* text : {"", "sctp", "udp:", "udp:70000", "any:53", "icmp:8", "53"})
    CHECK_FALSE(parse_port_rule(text));
}

TEST_CASE("options: ranges of addresses", "[nat][shell]") {
  CHECK(to_text(*parse_address_range("100.64.0.0/30")) == "100.64.0.0-100.64.0.3");
  CHECK(to_text(*parse_address_range("100.64.0.1-100.64.0.14")) == "100.64.0.1-100.64.0.14");
  CHECK(parse_address_range("0.0.0.0/0")->last == 0xffffffff);
  CHECK(parse_address_range("100.64.0.9")->size() == 1);
  for (const char* text : {"", "100.64.0.9-100.64.0.1", "2001:db8::/64", "100.64.0.1-", "x"})
    CHECK_FALSE(parse_address_range(text));
}
