#include "nat/shell/bundle.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "nat/packet/builder.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "tests/unit/nat_shell/bundle_packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;

namespace {

OffloadHeader offload_of(std::uint8_t type, std::uint16_t payload) {
  OffloadHeader offload;
  offload.bundle_type = type;
  offload.bundle_payload = payload;
  return offload;
}

/// The packet and those behind it, as a link sends them.
ByteVector joined(std::span<const MutableBytes> packets) {
  ByteVector whole(packets.front().begin(), packets.front().end());
  for (const MutableBytes each : packets.subspan(1)) {
    const Bytes payload = payload_in_bundle(each);
    whole.insert(whole.end(), payload.begin(), payload.end());
  }
  return whole;
}

/// A bundle of `size` bytes of payload that is cut, joined and cut again gives the same packets.
void check_there_and_back(const ByteVector& packet, std::uint8_t type, std::uint16_t payload) {
  Segmenter first, second;
  const auto cut = first.cut(offload_of(type, payload), packet);
  std::vector<ByteVector> wanted;
  for (const MutableBytes each : cut) wanted.emplace_back(each.begin(), each.end());
  REQUIRE(bundle_length(cut) == cut.size());
  const OffloadHeader offload = write_bundle_headers(cut);
  CHECK(offload.flags == OffloadHeader::needs_checksum);
  CHECK(offload.bundle_type == type);
  CHECK(offload.bundle_payload == payload);
  const ByteVector bundle = joined(cut);
  CHECK(bundle.size() == packet.size());
  const auto again = second.cut(offload, bundle);
  REQUIRE(again.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    CHECK(ByteVector(again[i].begin(), again[i].end()) == wanted[i]);
}

/// Three segments of 100, 100 and 50 bytes.
struct Three {
  Three() : segments(segmenter.cut(offload_of(OffloadHeader::tcp_ipv4, 100), packet)) {}
  TcpFields tcp{1000, 77, 512, {}};
  ByteVector packet = make_tcp(source, destination, tcp_flag::ack, pattern(250), tcp);
  Segmenter segmenter;
  std::span<MutableBytes> segments;
};

}  // namespace

TEST_CASE("bundle: what was cut goes as one again", "[nat][shell]") {
  const ByteVector options{1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8};  // RFC 7323 §3.2
  TcpFields tcp{0xffffff00, 7, 512, options};
  Ipv4Fields ipv4;
  ipv4.identification = 0xffff;
  ipv4.tos = 0x02;
  for (const std::size_t size : {1001, 2000, 2001, 40'000}) {
    for (const std::uint8_t flags : {0x10, 0x18, 0x19})
      check_there_and_back(make_tcp(source, destination, flags, pattern(size), tcp, ipv4),
                           OffloadHeader::tcp_ipv4, 1000);
    check_there_and_back(
        make_tcp(source, destination, tcp_flag::ack | tcp_flag::cwr, pattern(size), tcp),
        OffloadHeader::tcp_ipv4 | OffloadHeader::ecn_bit, 1000);
    check_there_and_back(make_udp(source, destination, pattern(size), ipv4),
                         OffloadHeader::udp_datagrams, 1000);
  }
}

TEST_CASE("bundle: of IPv6 alike", "[nat][shell]") {
  const bool is_tcp = GENERATE(true, false);
  ByteVector packet(40 + (is_tcp ? 20 : 8));
  store_u32(packet.data(), 0x60012345);
  packet[6] = is_tcp ? ip_protocol::tcp : ip_protocol::udp;
  packet[7] = 64;
  packet[8] = packet[24] = 0x20;
  packet[23] = 1;
  packet[39] = 2;
  if (is_tcp) {
    packet[52] = 0x50;
    packet[53] = tcp_flag::ack | tcp_flag::psh;
  }
  const ByteVector payload = pattern(2500);
  packet.insert(packet.end(), payload.begin(), payload.end());
  store_u16(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - 40));
  check_there_and_back(packet, is_tcp ? OffloadHeader::tcp_ipv6 : OffloadHeader::udp_datagrams,
                       1000);

  Segmenter segmenter;
  const auto type = is_tcp ? OffloadHeader::tcp_ipv6 : OffloadHeader::udp_datagrams;
  for (const std::size_t at : {0, 1, 3, 7, 23, 39, 41, 43}) {
    const auto cut = segmenter.cut(offload_of(type, 1000), packet);
    ++cut[1][at];
    CHECK(bundle_length(cut) == 1);
  }
}

TEST_CASE("bundle: its headers are those of all of it, the checksum left open", "[nat][shell]") {
  Three three;
  const OffloadHeader offload = write_bundle_headers(three.segments);
  CHECK(offload.header_length == 14 + 40);
  CHECK(offload.checksum_start == 14 + 20);
  CHECK(offload.checksum_offset == 16);
  ByteVector frame(14);
  const ByteVector bundle = joined(three.segments);
  frame.insert(frame.end(), bundle.begin(), bundle.end());
  OffloadHeader open = offload;
  open.bundle_type = OffloadHeader::none;
  REQUIRE(complete_checksum(open, frame));
  CHECK(ByteVector(frame.begin() + 14, frame.end()) == three.packet);
}

TEST_CASE("bundle: a segment that differs begins another one", "[nat][shell]") {
  struct Change {
    const char* what;
    std::size_t at;
    std::uint8_t value;
  };
  const auto change = GENERATE(
      Change{"DSCP", 1, 0xb8}, Change{"identification", 5, 9}, Change{"DF", 6, 0x40},
      Change{"TTL", 8, 63}, Change{"source", 15, 3}, Change{"destination", 19, 3},
      Change{"source port", 21, 1}, Change{"destination port", 23, 1}, Change{"sequence", 27, 1},
      Change{"acknowledgment", 31, 1}, Change{"SYN", 33, 0x12}, Change{"RST", 33, 0x14},
      Change{"CWR", 33, 0x90}, Change{"window", 35, 1}, Change{"urgent pointer", 39, 1});
  CAPTURE(change.what);
  Three three;
  REQUIRE(bundle_length(three.segments) == 3);
  three.segments[1][change.at] = change.value;
  CHECK(bundle_length(three.segments) == 1);
}

TEST_CASE("bundle: what ends one is its last", "[nat][shell]") {
  Three pushed;
  pushed.segments[1][33] |= tcp_flag::psh;
  CHECK(bundle_length(pushed.segments) == 2);
  Three alone;
  alone.segments[0][33] |= tcp_flag::fin;
  CHECK(bundle_length(alone.segments) == 1);
  // One after a shorter one would not begin where segmentation has it begin.
  Three shorter;
  std::swap(shorter.segments[1], shorter.segments[2]);
  CHECK(bundle_length(shorter.segments) == 1);
}

TEST_CASE("bundle: what is no data goes by itself", "[nat][shell]") {
  Three three;
  ByteVector empty = make_tcp(source, destination, tcp_flag::ack, {}, three.tcp);
  ByteVector fragment = make_udp(source, destination, pattern(100));
  fragment[6] = 0x20;
  ByteVector unchecked = make_udp(source, destination, pattern(100));
  store_u16(&unchecked[26], 0);  // RFC 768: none
  ByteVector ping = make_icmp_echo(source.ip, destination.ip, 8, 1, 1, pattern(100));
  for (ByteVector* each : {&empty, &fragment, &unchecked, &ping}) {
    const std::vector<MutableBytes> twice{*each, *each};
    CHECK(bundle_length(twice) == 1);
  }
}

TEST_CASE("bundle: none is longer than a packet can be", "[nat][shell]") {
  Segmenter first, second;
  const ByteVector packet = make_tcp(source, destination, tcp_flag::ack, pattern(40'000));
  TcpFields behind;
  behind.sequence = 40'000;
  Ipv4Fields ipv4;
  ipv4.identification = 40;
  const ByteVector more =
      make_tcp(source, destination, tcp_flag::ack, pattern(40'000), behind, ipv4);
  std::vector<MutableBytes> all;
  for (const MutableBytes each : first.cut(offload_of(OffloadHeader::tcp_ipv4, 1000), packet))
    all.push_back(each);
  for (const MutableBytes each : second.cut(offload_of(OffloadHeader::tcp_ipv4, 1000), more))
    all.push_back(each);
  REQUIRE(all.size() == 80);
  CHECK(bundle_length(all) == 65);
}
