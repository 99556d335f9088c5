#include "stile/base/bytes.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace stile;

TEST_CASE("bytes: numbers are stored and loaded in network order", "[base]") {
  std::array<std::uint8_t, 8> bytes{};
  store_u16(bytes.data(), 0x1234);
  CHECK(bytes == std::array<std::uint8_t, 8>{0x12, 0x34});
  store_u32(bytes.data(), 0x89abcdef);
  CHECK(bytes == std::array<std::uint8_t, 8>{0x89, 0xab, 0xcd, 0xef});
  store_u64(bytes.data(), 0xfedcba9876543210);
  CHECK(bytes == std::array<std::uint8_t, 8>{0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10});
  CHECK(load_u16(bytes.data()) == 0xfedc);
  CHECK(load_u32(bytes.data()) == 0xfedcba98);
  CHECK(load_u64(bytes.data()) == 0xfedcba9876543210);
}

TEST_CASE("bytes: a number may stand at any address", "[base]") {
  const std::array<std::uint8_t, 9> bytes{0, 1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(load_u16(bytes.data() + 1) == 0x0102);
  CHECK(load_u32(bytes.data() + 1) == 0x01020304);
  CHECK(load_u64(bytes.data() + 1) == 0x0102030405060708);
}

TEST_CASE("bytes: text and bytes are views of one another", "[base]") {
  const std::string_view text("a\0b", 3);
  const Bytes bytes = as_bytes(text);
  REQUIRE(bytes.size() == 3);
  CHECK(bytes[1] == 0);
  CHECK(as_text(bytes) == text);
  CHECK(as_text(bytes).data() == text.data());
  CHECK(copy_of(bytes) == ByteVector{'a', 0, 'b'});
}
