#include "stile/stun/channel_data.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/stun/vectors.hpp"

using namespace stile;
using namespace stile::stun;
using namespace stile::stun::test;

TEST_CASE("stun: ChannelData is a number, a length and the data", "[stun][rfc8656-12.4]") {
  const ByteVector bytes = hex("40 01 00 03 61 62 63");
  const auto parsed = ChannelData::parse(bytes);
  REQUIRE(parsed);
  CHECK(parsed->channel == ChannelNumber{0x4001});
  CHECK(as_text(parsed->data) == "abc");
  ByteVector header(4);
  ChannelData::write_header(header.data(), ChannelNumber{0x4001}, 3);
  CHECK(header == hex("40 01 00 03"));
}

TEST_CASE("stun: ChannelData may be empty or padded", "[stun][rfc8656-12.5]") {
  CHECK(ChannelData::parse(hex("40 00 00 00"))->data.empty());
  const ByteVector padded = hex("40 00 00 01 61 00 00 00");
  CHECK(as_text(ChannelData::parse(padded)->data) == "a");
}

TEST_CASE("stun: ChannelData shorter than it says is none", "[stun][rfc8656-12.6]") {
  const ByteVector whole = hex("40 00 00 05 61 62 63 64 65");
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(ChannelData::parse(copy_of(Bytes(whole).first(size))));
  CHECK(ChannelData::parse(whole));
}

TEST_CASE("stun: the channel numbers", "[stun][rfc8656-12]") {
  const auto is_framed = [](std::uint16_t number) {
    ByteVector bytes(4);
    store_u16(bytes.data(), number);
    return ChannelData::parse(bytes).has_value();
  };
  CHECK_FALSE(is_framed(0x3fff));
  CHECK(is_framed(0x4000));
  CHECK(is_framed(0x7fff));
  CHECK_FALSE(is_framed(0x8000));
  CHECK(ChannelNumber{0x4000}.valid());
  CHECK(ChannelNumber{0x4fff}.valid());
  CHECK_FALSE(ChannelNumber{0x5000}.valid());
  CHECK_FALSE(ChannelNumber{0x3fff}.valid());
}
