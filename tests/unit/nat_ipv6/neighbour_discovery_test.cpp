#include "nat/ipv6/neighbour_discovery.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "nat/packet/ipv6.hpp"

using namespace stile;
using namespace stile::nat;

namespace {

const IpAddress asker = *IpAddress::parse("fe80::9");
const IpAddress target = *IpAddress::parse("2001:db8:5::10");
const std::array<std::uint8_t, 6> own{2, 0, 0, 0, 0, 1};
const std::array<std::uint8_t, 6> other{2, 0, 0, 0, 0, 9};

void seal(ByteVector& frame) {
  store_u16(frame.data() + 56, 0);
  const auto packet = *Ipv6View::parse(Bytes(frame).subspan(14));
  store_u16(frame.data() + 56, transport_checksum(packet.source(), packet.destination(),
                                                  ipv6_header::icmpv6, packet.payload()));
}

ByteVector solicitation(const IpAddress& from = asker) {
  ByteVector frame(14 + 40 + 24);
  std::ranges::copy(other, frame.begin() + 6);
  store_u16(frame.data() + 12, 0x86dd);
  frame[14] = 0x60;
  store_u16(frame.data() + 18, 24);
  frame[20] = ipv6_header::icmpv6;
  frame[21] = 255;
  std::ranges::copy(from.v6_bytes(), frame.begin() + 22);
  std::ranges::copy(IpAddress::parse("ff02::1:ff00:10")->v6_bytes(), frame.begin() + 38);
  frame[54] = 135;
  std::ranges::copy(target.v6_bytes(), frame.begin() + 62);
  seal(frame);
  return frame;
}

}  // namespace

TEST_CASE("neighbours: a solicitation is answered as a proxy does it", "[nat][rfc4861-7.2]") {
  const ByteVector asked = solicitation();
  REQUIRE(solicited_target(asked) == target);
  const ByteVector frame = neighbour_advertisement(asked, own);
  CHECK(std::ranges::equal(Bytes(frame).first(6), other));
  CHECK(std::ranges::equal(Bytes(frame).subspan(6, 6), own));
  const auto packet = Ipv6View::parse(Bytes(frame).subspan(14));
  REQUIRE(packet);
  CHECK(packet->source() == target);
  CHECK(packet->destination() == asker);
  CHECK(packet->hop_limit() == 255);
  const Bytes message = packet->payload();
  REQUIRE(message.size() == 32);
  CHECK(message[0] == 136);
  CHECK(message[4] == 0xc0);  // a router, solicited, no override
  CHECK(IpAddress::from_bytes(message.subspan(8, 16)) == target);
  CHECK(message[24] == 2);
  CHECK(std::ranges::equal(message.subspan(26), own));
  CHECK(transport_checksum(packet->source(), packet->destination(), ipv6_header::icmpv6, message) ==
        0);
}

TEST_CASE("neighbours: what is no right solicitation is not answered", "[nat][rfc4861-7.1.1]") {
  const ByteVector right = solicitation();
  for (std::size_t size = 0; size < right.size(); ++size)
    CHECK_FALSE(solicited_target(Bytes(right).first(size)));
  ByteVector wrong = right;
  wrong[21] = 64;  // not from this link
  CHECK_FALSE(solicited_target(wrong));
  wrong = right;
  ++wrong[77];
  CHECK_FALSE(solicited_target(wrong));
  wrong = right;
  wrong[54] = 136;
  seal(wrong);
  CHECK_FALSE(solicited_target(wrong));
  CHECK_FALSE(solicited_target(solicitation(IpAddress())));
}
