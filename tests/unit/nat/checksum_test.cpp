#include "nat/packet/checksum.hpp"
#include "nat/core/rewrite.hpp"
#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

TEST_CASE("checksum: the example of the RFC, with the result that its predecessor got wrong",
          "[nat][rfc1624-4]") {
  ChecksumChange change;
  change.replace_u16(0x5555, 0x3285);
  CHECK(change.applied_to(0xdd2f) == 0x0000);
}

TEST_CASE("checksum: the sum of RFC 1071's example", "[nat][rfc1071-3]") {
  const ByteVector bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  CHECK(ones_sum(bytes) == 0xddf2);
  CHECK(ones_sum(Bytes(bytes).first(3)) == 0xf201);
  CHECK(ones_sum({}) == 0);
}

TEST_CASE("checksum: mending equals computing anew, for any change", "[nat][rfc1624-3]") {
  SeededRandom random(7);
  for (int i = 0; i < 20000; ++i) {
    ByteVector bytes(20);
    random.fill(bytes);
    store_u16(bytes.data() + 10, 0);
    const std::uint16_t before = internet_checksum(bytes);
    const std::uint32_t address = i % 3 == 0 ? 0 : i % 3 == 1 ? 0xffffffff : random.u32();
    ChecksumChange change;
    change.replace_u32(load_u32(bytes.data() + 12), address);
    store_u32(bytes.data() + 12, address);
    store_u16(bytes.data() + 10, change.applied_to(before));
    CHECK(internet_checksum(bytes) == 0);
  }
}

TEST_CASE("rewrite: a UDP checksum never becomes zero, which would mean none", "[nat][rfc768]") {
  const TransportAddress from{inside_1, 1000};
  const TransportAddress to{outside_1, 2000};
  int all_ones = 0;
  for (std::uint32_t word = 0; word < 65536; ++word) {
    ByteVector payload(2);
    store_u16(payload.data(), static_cast<std::uint16_t>(word));
    ByteVector packet = make_udp(from, to, payload);
    rewrite(*Ipv4Packet::parse(packet),
            {{nat_external.v4_bits(), 40000}, {outside_1.v4_bits(), 2000}, 0});
    const std::uint16_t checksum = load_u16(packet.data() + 26);
    if (checksum == 0xffff) ++all_ones;
    if (checksum == 0 || !checksums_are_right(packet)) FAIL(word);
  }
  CHECK(all_ones >= 1);
}

TEST_CASE("ipv4: options, lengths and fragments are read as they stand", "[nat][rfc791-3.1]") {
  const ByteVector options{0x94, 4, 0, 0};
  ByteVector packet = make_udp(
      {inside_1, 1}, {outside_1, 2}, payload_of(100),
      {.ttl = 9, .tos = 0xb8, .identification = 0x1234, .dont_fragment = true, .options = options});
  const auto view = Ipv4Packet::parse(packet);
  REQUIRE(view);
  CHECK(view->header_length() == 24);
  CHECK(view->total_length() == 132);
  CHECK(view->ttl() == 9);
  CHECK(view->tos() == 0xb8);
  CHECK(view->identification() == 0x1234);
  CHECK(view->dont_fragment());
  CHECK_FALSE(view->is_fragment());
  CHECK(view->checksum_is_right());
  view->set_fragment(1480, true);
  view->decrement_ttl();
  CHECK(view->fragment_offset() == 1480);
  CHECK(view->more_fragments());
  CHECK(view->dont_fragment());
  CHECK(view->ttl() == 8);
  CHECK(view->protocol() == ip_protocol::udp);
  CHECK(view->checksum_is_right());
}

}  // namespace stile::nat::test
