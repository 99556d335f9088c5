#include <catch2/catch.hpp>

#include "server/import/address_range.hpp"

using namespace stile;
using namespace stile::server;

namespace {

AddressRange range(std::string_view text) {
  return AddressRange::parse(text).value();
}

std::vector<std::string> blocks(std::string_view text) {
  std::vector<std::string> texts;
  for (const IpPrefix& block : blocks_of(range(text))) texts.push_back(block.to_string());
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("import: a range of addresses becomes the fewest blocks", "[import]") {
  CHECK(blocks("192.0.2.7") == Texts{"192.0.2.7/32"});
  CHECK(blocks("10.0.0.0-10.255.255.255") == Texts{"10.0.0.0/8"});
  CHECK(blocks("83.166.64.0-83.166.95.255") == Texts{"83.166.64.0/19"});
  CHECK(blocks("192.0.2.1-192.0.2.6") ==
        Texts{"192.0.2.1/32", "192.0.2.2/31", "192.0.2.4/31", "192.0.2.6/32"});
  CHECK(blocks("0.0.0.0-255.255.255.255") == Texts{"0.0.0.0/0"});
  CHECK(blocks("255.255.255.254-255.255.255.255") == Texts{"255.255.255.254/31"});
  CHECK(blocks("2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff") == Texts{"2001:db8::/32"});
  CHECK(blocks("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == Texts{"::/0"});
  CHECK(blocks("fe80::1-fe80::2") == Texts{"fe80::1/128", "fe80::2/128"});
}

TEST_CASE("import: a block may stand for a range", "[import]") {
  CHECK(range("10.0.0.0/8") == range("10.0.0.0-10.255.255.255"));
  CHECK(range("0.0.0.0/0") == range("0.0.0.0-255.255.255.255"));
  CHECK(range("::/0") == range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST_CASE("import: what is no range is told apart", "[import]") {
  for (const char* text : {"", "-", "x", "10.0.0.0-", "10.0.0.9-10.0.0.1", "10.0.0.0-::1",
                           "10.0.0.0/33", "10.0.0.0-10.0.0.1-10.0.0.2"})
    CHECK_FALSE(AddressRange::parse(text));
}

TEST_CASE("import: holes are cut out of ranges of their family", "[import]") {
  const std::vector<AddressRange> ten{range("10.0.0.0/8")};
  CHECK(without(ten, {}) == ten);
  CHECK(without(ten, {range("10.0.0.0/8")}).empty());
  CHECK(without(ten, {range("0.0.0.0/0")}).empty());
  CHECK(without(ten, {range("11.0.0.0/8"), range("::/0")}) == ten);
  CHECK(without(ten, {range("10.5.0.0-10.5.0.9")}) ==
        std::vector{range("10.0.0.0-10.4.255.255"), range("10.5.0.10-10.255.255.255")});
  CHECK(without(ten, {range("10.0.0.0-10.0.0.9"), range("10.255.255.255")}) ==
        std::vector{range("10.0.0.10-10.255.255.254")});
  CHECK(without({range("::/0")}, {range("10.0.0.0/8")}) == std::vector{range("::/0")});
}
