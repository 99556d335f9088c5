#include "nat/ipv6/icmp_translation.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace stile;
using namespace stile::nat;

namespace {

using Kind = std::pair<int, int>;

std::optional<Kind> to_ipv6(int type, int code) {
  const auto head = icmp_to_ipv6({static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code),
                                  type == 3 && code == 4 ? 1400u : 0u},
                                 {}, 1500);
  if (!head) return std::nullopt;
  return Kind{head->type, head->code};
}

std::optional<Kind> to_ipv4(int type, int code) {
  const auto head = icmp_to_ipv4(
      {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code), type == 2 ? 1400u : 0u},
      {}, 0);
  if (!head) return std::nullopt;
  return Kind{head->type, head->code};
}

}  // namespace

TEST_CASE("icmp translation: every type and code of IPv4", "[nat][rfc7915-4.2]") {
  std::map<Kind, Kind> wanted;
  for (const int code : {0, 1, 5, 6, 7, 8, 11, 12}) wanted[{3, code}] = {1, 0};
  for (const int code : {9, 10, 13, 15}) wanted[{3, code}] = {1, 1};
  wanted[{3, 2}] = {4, 1};
  wanted[{3, 3}] = {1, 4};
  wanted[{3, 4}] = {2, 0};
  wanted[{12, 0}] = wanted[{12, 2}] = {4, 0};
  for (int type = 0; type < 256; ++type) {
    for (int code = 0; code < 16; ++code) {
      CAPTURE(type, code);
      const auto known = wanted.find({type, code});
      if (known != wanted.end())
        CHECK(to_ipv6(type, code) == known->second);
      else if (type == 8 || type == 0)
        CHECK(to_ipv6(type, code) == Kind{type == 8 ? 128 : 129, 0});
      else if (type == 11)
        CHECK(to_ipv6(type, code) == Kind{3, code});
      else
        CHECK_FALSE(to_ipv6(type, code));
    }
  }
}

TEST_CASE("icmp translation: every type and code of IPv6", "[nat][rfc7915-5.2]") {
  const std::map<Kind, Kind> wanted{{{1, 0}, {3, 1}}, {{1, 1}, {3, 10}}, {{1, 2}, {3, 1}},
                                    {{1, 3}, {3, 1}}, {{1, 4}, {3, 3}},  {{4, 0}, {12, 0}},
                                    {{4, 1}, {3, 2}}};
  for (int type = 0; type < 256; ++type) {
    for (int code = 0; code < 8; ++code) {
      CAPTURE(type, code);
      const auto known = wanted.find({type, code});
      if (known != wanted.end())
        CHECK(to_ipv4(type, code) == known->second);
      else if (type == 128 || type == 129)
        CHECK(to_ipv4(type, code) == Kind{type == 128 ? 8 : 0, 0});
      else if (type == 3)
        CHECK(to_ipv4(type, code) == Kind{11, code});
      else if (type == 2)
        CHECK(to_ipv4(type, code) == Kind{3, 4});
      else
        CHECK_FALSE(to_ipv4(type, code));
    }
  }
}

TEST_CASE("icmp translation: pointers, from IPv4 on", "[nat][rfc7915-4.2]") {
  const std::map<std::uint32_t, std::uint32_t> wanted{
      {0, 0},  {1, 1},  {2, 4},  {3, 4},   {8, 7},   {9, 6},   {12, 8},
      {13, 8}, {14, 8}, {15, 8}, {16, 24}, {17, 24}, {18, 24}, {19, 24}};
  for (std::uint32_t pointer = 0; pointer <= 40; ++pointer) {
    CAPTURE(pointer);
    const auto head = icmp_to_ipv6({12, 0, pointer << 24}, {}, 0);
    const auto known = wanted.find(pointer);
    REQUIRE(head.has_value() == (known != wanted.end()));
    if (head) CHECK(head->rest == known->second);
  }
}

TEST_CASE("icmp translation: pointers, from IPv6 on", "[nat][rfc7915-5.2]") {
  for (std::uint32_t pointer = 0; pointer <= 48; ++pointer) {
    CAPTURE(pointer);
    std::optional<std::uint32_t> wanted;
    if (pointer <= 1) wanted = pointer;
    if (pointer == 4 || pointer == 5) wanted = 2;
    if (pointer == 6) wanted = 9;
    if (pointer == 7) wanted = 8;
    if (pointer >= 8 && pointer <= 23) wanted = 12;
    if (pointer >= 24 && pointer <= 39) wanted = 16;
    const auto head = icmp_to_ipv4({4, 0, pointer}, {}, 0);
    REQUIRE(head.has_value() == wanted.has_value());
    if (head) CHECK(head->rest == *wanted << 24);
  }
}

TEST_CASE("icmp translation: MTUs are those of the other family's packets",
          "[nat][rfc7915-4.2][rfc7915-5.2]") {
  const auto to6 = [](std::uint32_t mtu, std::size_t length, LinkMtus mtus = {}) {
    return icmp_to_ipv6({3, 4, mtu}, mtus, length)->rest;
  };
  CHECK(to6(1400, 1500) == 1420);
  CHECK(to6(1000, 1500) == 1280);
  CHECK(to6(1500, 1600) == 1500);
  CHECK(to6(9000, 9100, {9000, 1400}) == 1400);
  CHECK(to6(9000, 9100, {1400, 9000}) == 1420);
  CHECK(to6(0, 1500) == 1492);  // RFC 1191's plateaus
  CHECK(to6(0, 1492) == 1280);
  CHECK(to6(0, 2100, {9000, 9000}) == 2002);

  const auto to4 = [](std::uint32_t mtu, std::size_t extra, LinkMtus mtus = {}) {
    return icmp_to_ipv4({2, 0, mtu}, mtus, extra)->rest;
  };
  CHECK(to4(1400, 0) == 1380);
  CHECK(to4(1400, 8) == 1372);
  CHECK(to4(9000, 0, {1400, 9000}) == 1400);
  CHECK(to4(9000, 0, {9000, 1500}) == 1480);
  CHECK(to4(10, 0) == 0);
}
