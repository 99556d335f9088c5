#include "nat/shell/offload.hpp"

#include <catch2/catch.hpp>

#include "nat/packet/builder.hpp"
#include "nat/packet/crc32c.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"
#include "tests/unit/nat_shell/bundle_packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;

namespace {

bool transport_checksum_is_right(const Ipv4View& packet) {
  return transport_checksum(packet.source(), packet.destination(), packet.protocol(),
                            packet.payload()) == 0;
}

OffloadHeader bundle_of(std::uint8_t type, std::uint16_t payload) {
  OffloadHeader offload;
  offload.flags = OffloadHeader::needs_checksum;
  offload.bundle_type = type;
  offload.bundle_payload = payload;
  return offload;
}

}  // namespace

TEST_CASE("offload: a checksum that was left open is completed", "[nat][shell]") {
  const bool is_udp = GENERATE(true, false);
  const ByteVector packet = is_udp ? make_udp(source, destination, pattern(101))
                                   : make_tcp(source, destination, tcp_flag::ack, pattern(101));
  ByteVector frame(14);
  frame.insert(frame.end(), packet.begin(), packet.end());
  const std::uint16_t field = is_udp ? 6 : 16;
  // The kernel leaves the sum of the pseudo header there, which is what remains when nothing else
  // is summed.
  const std::uint16_t pseudo_header = static_cast<std::uint16_t>(
      ~transport_checksum(source.ip.v4_bits(), destination.ip.v4_bits(), packet[9], Bytes{}));
  const auto length = static_cast<std::uint16_t>(packet.size() - 20);
  store_u16(frame.data() + 34 + field, ones_sum({}, std::uint32_t{pseudo_header} + length));

  OffloadHeader offload;
  offload.flags = OffloadHeader::needs_checksum;
  offload.checksum_start = 34;
  offload.checksum_offset = field;
  REQUIRE(complete_checksum(offload, frame));
  CHECK(ByteVector(frame.begin() + 14, frame.end()) == packet);
}

TEST_CASE("offload: a checksum field outside of the frame is refused", "[nat][shell]") {
  ByteVector frame(60);
  OffloadHeader offload;
  offload.flags = OffloadHeader::needs_checksum;
  offload.checksum_start = 50;
  offload.checksum_offset = 9;
  CHECK_FALSE(complete_checksum(offload, frame));
  offload.checksum_start = 65535;
  offload.checksum_offset = 65535;
  CHECK_FALSE(complete_checksum(offload, frame));
  offload.flags = 0;
  CHECK(complete_checksum(offload, frame));
}

TEST_CASE("offload: a TCP bundle becomes the segments of a wire", "[nat][shell]") {
  constexpr std::uint8_t cwr = 0x80;
  const ByteVector payload = pattern(2 * 1000 + 1);
  TcpFields tcp;
  tcp.sequence = 0xffffff00;
  Ipv4Fields ipv4;
  ipv4.identification = 0xffff;
  const ByteVector packet = make_tcp(
      source, destination, tcp_flag::ack | tcp_flag::psh | tcp_flag::fin | cwr, payload, tcp, ipv4);
  Segmenter segmenter;
  const auto segments =
      segmenter.cut(bundle_of(OffloadHeader::tcp_ipv4 | OffloadHeader::ecn_bit, 1000), packet);
  REQUIRE(segments.size() == 3);

  ByteVector joined;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto ip = Ipv4View::parse(segments[i]);
    REQUIRE(ip);
    CHECK(ip->total_length() == segments[i].size());
    CHECK(ip->checksum_is_right());
    CHECK(ip->identification() == static_cast<std::uint16_t>(0xffff + i));
    CHECK(transport_checksum_is_right(*ip));
    const auto segment = TcpView::parse(ip->payload());
    REQUIRE(segment);
    CHECK(segment->sequence() == static_cast<std::uint32_t>(0xffffff00 + 1000 * i));
    CHECK(segment->has(tcp_flag::ack));
    CHECK(segment->has(tcp_flag::psh | tcp_flag::fin) == (i == 2));
    CHECK(segment->has(cwr) == (i == 0));
    joined.insert(joined.end(), segment->payload().begin(), segment->payload().end());
  }
  CHECK(joined == payload);
}

TEST_CASE("offload: a UDP bundle becomes datagrams", "[nat][shell]") {
  const ByteVector packet = make_udp(source, destination, pattern(2500));
  Segmenter segmenter;
  const auto segments = segmenter.cut(bundle_of(OffloadHeader::udp_datagrams, 1200), packet);
  REQUIRE(segments.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto ip = Ipv4View::parse(segments[i]);
    REQUIRE(ip);
    CHECK(ip->checksum_is_right());
    CHECK(transport_checksum_is_right(*ip));
    CHECK(UdpView::parse(ip->payload())->length() == 8 + (i == 2 ? 100 : 1200));
  }
}

TEST_CASE("offload: what is no known bundle is not cut", "[nat][shell]") {
  Segmenter segmenter;
  const ByteVector udp = make_udp(source, destination, pattern(2500));
  CHECK(segmenter.cut(bundle_of(OffloadHeader::tcp_ipv4, 1000), udp).empty());
  CHECK(segmenter.cut(bundle_of(OffloadHeader::udp_datagrams, 0), udp).empty());
  CHECK(segmenter.cut(bundle_of(4, 1000), udp).empty());
  CHECK(
      segmenter.cut(bundle_of(OffloadHeader::udp_datagrams, 1000), Bytes(udp).first(100)).empty());
  CHECK(segmenter.cut(bundle_of(OffloadHeader::udp_datagrams, 1000), {}).empty());
}

TEST_CASE("offload: bundles of IPv6 are cut alike", "[nat][shell]") {
  const bool is_tcp = GENERATE(true, false);
  const IpAddress from = *IpAddress::parse("2001:db8::1");
  const IpAddress to = *IpAddress::parse("2001:db8::2");
  const std::size_t header = is_tcp ? 20 : 8;
  ByteVector packet(40 + header);
  packet[0] = 0x60;
  packet[6] = is_tcp ? ip_protocol::tcp : ip_protocol::udp;
  packet[7] = 64;
  std::ranges::copy(from.v6_bytes(), packet.begin() + 8);
  std::ranges::copy(to.v6_bytes(), packet.begin() + 24);
  if (is_tcp) packet[52] = 0x50;
  store_u32(packet.data() + 44, 1000);  // TCP's sequence number; UDP's length, which is set
  const ByteVector payload = pattern(2500);
  packet.insert(packet.end(), payload.begin(), payload.end());
  store_u16(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - 40));

  Segmenter segmenter;
  const auto segments = segmenter.cut(
      bundle_of(is_tcp ? OffloadHeader::tcp_ipv6 : OffloadHeader::udp_datagrams, 1000), packet);
  REQUIRE(segments.size() == 3);
  ByteVector joined;
  for (const MutableBytes segment : segments) {
    const auto view = Ipv6View::parse(segment);
    REQUIRE(view);
    CHECK(view->total_length() == segment.size());
    CHECK(transport_checksum(from, to, view->next_header(), view->payload()) == 0);
    if (is_tcp) CHECK(load_u32(segment.data() + 44) == 1000 + joined.size());
    const Bytes part = view->payload().subspan(header);
    joined.insert(joined.end(), part.begin(), part.end());
  }
  CHECK(joined == payload);
}

TEST_CASE("offload: a checksum that was left open is known without a header that says so",
          "[nat][shell]") {
  const bool is_udp = GENERATE(true, false);
  const ByteVector packet = is_udp ? make_udp(source, destination, pattern(101))
                                   : make_tcp(source, destination, tcp_flag::ack, pattern(101));
  const auto length = static_cast<std::uint32_t>(packet.size() - 20);
  ByteVector open = packet;
  store_u16(open.data() + 20 + (is_udp ? 6 : 16),
            ones_sum(Bytes(packet).subspan(12, 8), (is_udp ? 17u : 6u) + length));
  complete_open_checksum(open);
  CHECK(open == packet);

  ByteVector complete = packet;
  complete_open_checksum(complete);
  CHECK(complete == packet);
  ByteVector wrong = packet;
  wrong.back() ^= 1;
  const ByteVector as_it_was = wrong;
  complete_open_checksum(wrong);
  CHECK(wrong == as_it_was);
}

TEST_CASE("offload: IPv6 likewise", "[nat][shell]") {
  ByteVector packet(40 + 8 + 5);
  packet[0] = 0x60;
  store_u16(packet.data() + 4, 13);
  packet[6] = ip_protocol::udp;
  packet[7] = 64;
  packet[23] = packet[39] = 1;
  store_u16(packet.data() + 44, 13);
  store_u16(packet.data() + 46, ones_sum(Bytes(packet).subspan(8, 32), 17u + 13u));
  complete_open_checksum(packet);
  const auto view = Ipv6View::parse(packet);
  REQUIRE(view);
  CHECK(transport_checksum(view->source(), view->destination(), ip_protocol::udp,
                           view->payload()) == 0);
}

TEST_CASE("offload: SCTP's checksum that was left at zero is computed", "[nat][shell]") {
  ByteVector packet(20 + 12);
  packet[0] = 0x45;
  store_u16(packet.data() + 2, static_cast<std::uint16_t>(packet.size()));
  packet[9] = ip_protocol::sctp;
  store_u16(packet.data() + 20, 5000);
  const ByteVector open = packet;
  complete_open_checksum(packet);
  CHECK(load_u32(packet.data() + 28) == crc32c(Bytes(open).subspan(20)));
  const ByteVector complete = packet;
  complete_open_checksum(packet);
  CHECK(packet == complete);
}

TEST_CASE("offload: a packet too short for a checksum is left as it is", "[nat][shell]") {
  const ByteVector whole = make_udp(source, destination, pattern(20));
  for (std::size_t size = 20; size < 28; ++size) {
    ByteVector packet(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    store_u16(packet.data() + 2, static_cast<std::uint16_t>(size));
    const ByteVector as_it_was = packet;
    complete_open_checksum(packet);
    CHECK(packet == as_it_was);
  }
}
