#include "nat/core/esp_passthrough.hpp"
#include "nat/packet/crc32c.hpp"
#include "nat/packet/fragmentation.hpp"
#include "tests/unit/nat/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const TransportAddress host = at("192.168.1.10:4000");
const TransportAddress other_host = at("192.168.1.11:4000");
const TransportAddress server = at("198.51.100.1:7000");
const TransportAddress second_server = at("198.51.100.2:7000");

ByteVector ports_of(const TransportAddress& source, const TransportAddress& destination,
                    std::size_t size) {
  ByteVector segment(size);
  store_u16(segment.data(), source.port);
  store_u16(segment.data() + 2, destination.port);
  return segment;
}

ByteVector packet_of(std::uint8_t protocol, const TransportAddress& source,
                     const TransportAddress& destination, Bytes segment) {
  return make_ipv4(source.ip, destination.ip, protocol, segment);
}

/// The checksum covers `coverage` bytes; 0: all (RFC 3828 §3.1).
ByteVector udp_lite(const TransportAddress& source, const TransportAddress& destination,
                    std::uint16_t coverage) {
  ByteVector segment = ports_of(source, destination, 40);
  store_u16(segment.data() + 4, coverage);
  const Bytes covered = coverage == 0 ? Bytes(segment) : Bytes(segment).first(coverage);
  // The pseudo header has the length of the whole.
  std::uint16_t sum = transport_checksum(source.ip.v4_bits(), destination.ip.v4_bits(),
                                         ip_protocol::udp_lite, covered);
  ChecksumChange change;
  change.replace_u16(static_cast<std::uint16_t>(covered.size()), 40);
  sum = change.nonzero_applied_to(sum);
  store_u16(segment.data() + 6, sum);
  return packet_of(ip_protocol::udp_lite, source, destination, segment);
}

bool udp_lite_is_right(Bytes packet) {
  const auto view = *Ipv4View::parse(packet);
  const std::uint16_t coverage = load_u16(view.payload().data() + 4);
  const Bytes covered = coverage == 0 ? view.payload() : view.payload().first(coverage);
  ChecksumChange change;
  change.replace_u16(static_cast<std::uint16_t>(covered.size()), 40);
  const std::uint16_t sum = change.applied_to(
      transport_checksum(view.source(), view.destination(), ip_protocol::udp_lite, covered));
  return sum == 0 || sum == 0xffff;
}

constexpr std::uint8_t dccp_request = 0;
constexpr std::uint8_t dccp_response = 1;
constexpr std::uint8_t dccp_data = 2;
constexpr std::uint8_t dccp_close = 6;

ByteVector dccp(const TransportAddress& source, const TransportAddress& destination,
                std::uint8_t type) {
  ByteVector segment = ports_of(source, destination, 24);
  segment[4] = 6;
  segment[5] = 1;  // RFC 4340 §9.2: the header alone is covered
  segment[8] = static_cast<std::uint8_t>(type << 1 | 1);
  segment[23] = 0x5e;  // of a service code
  store_u16(segment.data() + 6, transport_checksum(source.ip.v4_bits(), destination.ip.v4_bits(),
                                                   ip_protocol::dccp, segment));
  return packet_of(ip_protocol::dccp, source, destination, segment);
}

constexpr std::uint8_t sctp_data = 0;
constexpr std::uint8_t sctp_init = 1;
constexpr std::uint8_t sctp_init_ack = 2;
constexpr std::uint8_t sctp_abort = 6;

ByteVector sctp(const TransportAddress& source, const TransportAddress& destination,
                std::uint8_t chunk) {
  ByteVector segment = ports_of(source, destination, 32);
  segment[12] = chunk;
  store_u16(segment.data() + 14, 20);
  store_u32(segment.data() + 8, crc32c(segment));
  return packet_of(ip_protocol::sctp, source, destination, segment);
}

bool sctp_is_right(Bytes packet) {
  ByteVector segment = copy_of(Ipv4View::parse(packet)->payload());
  const std::uint32_t sent = load_u32(segment.data() + 8);
  store_u32(segment.data() + 8, 0);
  return crc32c(segment) == sent;
}

ByteVector esp(const IpAddress& source, const IpAddress& destination, std::uint32_t index) {
  ByteVector segment(40);
  store_u32(segment.data(), index);
  return make_ipv4(source, destination, ip_protocol::esp, segment);
}

}  // namespace

TEST_CASE("nat: UDP-Lite is mapped like UDP, whatever its checksum covers",
          "[nat][rfc3828-3.1][rfc6888-req1]") {
  for (const std::uint16_t coverage : {0, 8, 20, 40}) {
    CAPTURE(coverage);
    Bench bench;
    const Outcome out = bench.from_inside(udp_lite(host, server, coverage));
    REQUIRE(out.action == Action::send_outside);
    CHECK(out.source() == TransportAddress{nat_external, 4000});
    CHECK(udp_lite_is_right(out.packet));
    const Outcome second = bench.from_inside(udp_lite(other_host, server, coverage));
    CHECK(second.source().port != 4000);
    CHECK(udp_lite_is_right(second.packet));
    const Outcome in = bench.from_outside(udp_lite(server, {nat_external, 4000}, coverage));
    CHECK(in.destination() == host);
    CHECK(udp_lite_is_right(in.packet));
  }
}

TEST_CASE("nat: UDP-Lite that covers too little or too much is dropped", "[nat][rfc3828-3.1]") {
  Bench bench;
  for (const std::uint16_t coverage : {1, 7, 41}) {
    ByteVector packet = udp_lite(host, server, 8);
    store_u16(packet.data() + 24, coverage);
    CHECK_FALSE(bench.from_inside(packet).passed());
  }
  ByteVector without = udp_lite(host, server, 8);
  store_u16(without.data() + 26, 0);
  CHECK_FALSE(bench.from_inside(without).passed());
  CHECK(bench.nat.counters().dropped_malformed == 4);
}

TEST_CASE("nat: UDP-Lite and UDP have mappings of their own", "[nat][rfc7857-5]") {
  Bench bench;
  bench.from_inside(udp_lite(host, server, 0));
  CHECK(bench.seen(other_host, server).port == 4000);
}

TEST_CASE("nat: DCCP is mapped endpoint-independently, ports are not shared",
          "[nat][rfc5597-req1][rfc5597-req7]") {
  Bench bench;
  const Outcome out = bench.from_inside(dccp(host, server, dccp_request));
  REQUIRE(out.action == Action::send_outside);
  CHECK(out.source() == TransportAddress{nat_external, 4000});
  CHECK(bench.from_inside(dccp(host, second_server, dccp_request)).source() == out.source());
  CHECK(bench.from_inside(dccp(other_host, server, dccp_request)).source() != out.source());
  CHECK(bench.from_outside(dccp(server, out.source(), dccp_response)).destination() == host);
}

TEST_CASE("nat: DCCP's checksum stays right with partial coverage, the rest as it is",
          "[nat][rfc5597-req11][rfc5597-req12][rfc5597-req13]") {
  Bench bench;
  const Outcome out = bench.from_inside(dccp(host, server, dccp_request));
  const auto view = out.ipv4();
  CHECK(transport_checksum(view.source(), view.destination(), ip_protocol::dccp, view.payload()) ==
        0);
  CHECK(view.payload()[5] == 1);
  CHECK(view.payload()[23] == 0x5e);
}

TEST_CASE("nat: DCCP connections may be idle for 124 minutes, and for four when they close",
          "[nat][rfc5597-req5]") {
  Bench bench;
  const TransportAddress seen = bench.from_inside(dccp(host, server, dccp_request)).source();
  bench.wait(239s);
  CHECK(bench.from_outside(dccp(server, seen, dccp_response)).passed());
  bench.wait(7439s);
  CHECK(bench.from_outside(dccp(server, seen, dccp_data)).passed());
  CHECK(bench.from_inside(dccp(host, server, dccp_close)).passed());
  bench.wait(239s);
  CHECK(bench.nat.session_count() == 1);
  bench.wait(2s);
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("nat: unsolicited DCCP is met with silence", "[nat][rfc5597-req4]") {
  Bench bench;
  const Outcome in = bench.from_outside(dccp(server, {nat_external, 4000}, dccp_request));
  CHECK_FALSE(in.passed());
  CHECK(in.commands.empty());
  CHECK(bench.wait(60s).empty());
}

TEST_CASE("nat: ICMP errors about DCCP and SCTP find their hosts",
          "[nat][rfc5597-req9][rfc5597-req10]") {
  for (const bool is_dccp : {true, false}) {
    Bench bench;
    const Outcome out = bench.from_inside(is_dccp ? dccp(host, server, dccp_request)
                                                  : sctp(host, server, sctp_init));
    const Outcome error = bench.from_outside(make_icmp_error(
        router, nat_external, icmp_type::destination_unreachable, 2, 0, out.packet));
    REQUIRE(error.action == Action::send_inside);
    CHECK(error.destination().ip == host.ip);
    CHECK(source_of(error.icmp().payload()) == host);
    CHECK(bench.nat.session_count() == 1);
  }
}

TEST_CASE("crc32c: the check value", "[nat][rfc9260-a]") {
  // As loaded in network order, the bytes are those of the little-endian 0xe3069283.
  CHECK(crc32c(as_bytes("123456789")) == 0x839206e3);
}

TEST_CASE("nat: SCTP's checksum is computed anew when a port changes, and only then",
          "[nat][rfc9260-6.8]") {
  Bench bench;
  const ByteVector packet = sctp(host, server, sctp_init);
  const Outcome out = bench.from_inside(packet);
  REQUIRE(out.passed());
  CHECK(out.source() == TransportAddress{nat_external, 4000});
  CHECK(std::ranges::equal(out.transport(), Ipv4View::parse(packet)->payload()));
  const Outcome second = bench.from_inside(sctp(other_host, server, sctp_init));
  REQUIRE(second.passed());
  CHECK(second.source().port != 4000);
  CHECK(sctp_is_right(second.packet));
  const Outcome in = bench.from_outside(sctp(server, second.source(), sctp_init_ack));
  CHECK(in.destination() == other_host);
  CHECK(sctp_is_right(in.packet));
}

TEST_CASE("nat: an aborted SCTP association is forgotten sooner", "[nat][rfc9260-3.3.7]") {
  Bench bench;
  const TransportAddress seen = bench.from_inside(sctp(host, server, sctp_init)).source();
  CHECK(bench.from_outside(sctp(server, seen, sctp_init_ack)).passed());
  bench.wait(7000s);
  CHECK(bench.from_outside(sctp(server, seen, sctp_data)).passed());
  CHECK(bench.from_outside(sctp(server, seen, sctp_abort)).passed());
  bench.wait(241s);
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("nat: packets of these protocols cut short anywhere are dropped", "[nat]") {
  const ByteVector whole[] = {udp_lite(host, server, 0), dccp(host, server, dccp_request),
                              sctp(host, server, sctp_init), esp(host.ip, server.ip, 7)};
  for (const ByteVector& packet : whole) {
    Bench bench;
    for (std::size_t size = 20; size < packet.size(); ++size) {
      const auto view = *Ipv4View::parse(packet);
      bench.from_inside(
          make_ipv4(host.ip, server.ip, view.protocol(), view.payload().first(size - 20)));
      bench.from_outside(
          make_ipv4(server.ip, nat_external, view.protocol(), view.payload().first(size - 20)));
    }
    CHECK(bench.nat.mapping_count() <= 1);
  }
}

TEST_CASE("nat: ESP of several hosts to several gateways passes, by what the answers show",
          "[nat][rfc4303-2.1][rfc3948-1]") {
  Bench bench;
  const Outcome out = bench.from_inside(esp(host.ip, server.ip, 0x1001));
  REQUIRE(out.action == Action::send_outside);
  CHECK(out.source().ip == nat_external);
  CHECK(bench.from_outside(esp(server.ip, nat_external, 0x2001)).destination().ip == host.ip);

  // Another host, the same gateway: it has its own index.
  CHECK(bench.from_inside(esp(other_host.ip, server.ip, 0x1002)).passed());
  CHECK(bench.from_outside(esp(server.ip, nat_external, 0x2002)).destination().ip == other_host.ip);
  CHECK(bench.from_outside(esp(server.ip, nat_external, 0x2001)).destination().ip == host.ip);

  CHECK(bench.from_inside(esp(inside_3, second_server.ip, 0x1001)).passed());
  CHECK(bench.from_outside(esp(second_server.ip, nat_external, 0x2001)).destination().ip ==
        inside_3);
}

TEST_CASE("nat: while one host awaits a gateway's answer, another has to wait",
          "[nat][rfc4303-2.1]") {
  Bench bench;
  CHECK(bench.from_inside(esp(host.ip, server.ip, 0x1001)).passed());
  CHECK_FALSE(bench.from_inside(esp(other_host.ip, server.ip, 0x1002)).passed());
  CHECK(bench.nat.counters().dropped_esp_busy == 1);
  CHECK(bench.from_inside(esp(host.ip, server.ip, 0x1001)).passed());
  CHECK(bench.from_outside(esp(server.ip, nat_external, 0x2001)).passed());
  CHECK(bench.from_inside(esp(other_host.ip, server.ip, 0x1002)).passed());
}

TEST_CASE("nat: new keys bring new indexes, and are learned anew", "[nat][rfc4303-2.1]") {
  Bench bench;
  bench.from_inside(esp(host.ip, server.ip, 0x1001));
  bench.from_outside(esp(server.ip, nat_external, 0x2001));
  CHECK(bench.from_inside(esp(host.ip, server.ip, 0x1003)).passed());
  CHECK(bench.from_outside(esp(server.ip, nat_external, 0x2003)).destination().ip == host.ip);
}

TEST_CASE("nat: fragments of ESP follow their first, in any order and both ways",
          "[nat][rfc3715-2.1][rfc4787-req14]") {
  const auto two_fragments = [](const IpAddress& source, const IpAddress& destination,
                                std::uint32_t index) {
    ByteVector segment(1000);
    store_u32(segment.data(), index);
    ByteVector packet = make_ipv4(source, destination, ip_protocol::esp, segment);
    const Fragmented cut = fragment(*Ipv4Packet::parse(packet), 576);
    REQUIRE(cut.rest.size() == 1);
    return std::array{copy_of(cut.first), cut.rest.front()};
  };
  const auto all_of = [](const Outcome& outcome) {
    std::vector<ByteVector> packets;
    if (outcome.passed()) packets.push_back(outcome.packet);
    for (const Command& command : outcome.commands) packets.push_back(command.packet);
    return packets;
  };
  for (const bool first_is_first : {true, false}) {
    CAPTURE(first_is_first);
    Bench bench;
    const auto relayed = [&](Side from, const std::array<ByteVector, 2>& fragments) {
      std::vector<ByteVector> packets;
      for (const std::size_t i : {first_is_first ? 0u : 1u, first_is_first ? 1u : 0u}) {
        const Outcome outcome = from == Side::inside ? bench.from_inside(fragments[i])
                                                     : bench.from_outside(fragments[i]);
        for (ByteVector& packet : all_of(outcome)) packets.push_back(std::move(packet));
      }
      return packets;
    };
    const auto out = relayed(Side::inside, two_fragments(host.ip, server.ip, 0x1001));
    REQUIRE(out.size() == 2);
    for (const ByteVector& packet : out) {
      CHECK(Ipv4View::parse(packet)->source() == nat_external.v4_bits());
      CHECK(Ipv4View::parse(packet)->destination() == server.ip.v4_bits());
    }
    CHECK(Ipv4View::parse(out[0])->identification() == Ipv4View::parse(out[1])->identification());
    const auto in = relayed(Side::outside, two_fragments(server.ip, nat_external, 0x2001));
    REQUIRE(in.size() == 2);
    for (const ByteVector& packet : in)
      CHECK(Ipv4View::parse(packet)->destination() == host.ip.v4_bits());
  }
}

TEST_CASE("nat: ESP that nobody asked for is dropped, and what is idle is forgotten",
          "[nat][rfc4303-2.1]") {
  Bench bench;
  CHECK_FALSE(bench.from_outside(esp(server.ip, nat_external, 0x2001)).passed());
  bench.from_inside(esp(host.ip, server.ip, 0x1001));
  CHECK(bench.from_outside(esp(server.ip, nat_external, 0x2001)).passed());
  bench.wait(601s);
  CHECK_FALSE(bench.from_outside(esp(server.ip, nat_external, 0x2001)).passed());
  CHECK(bench.nat.poll_timeout() == never);

  Config config = default_config();
  config.esp_timeout = Duration::zero();
  Bench without(config);
  CHECK_FALSE(without.from_inside(esp(host.ip, server.ip, 0x1001)).passed());
  config = default_config();
  config.max_esp_flows = 1;
  Bench small(config);
  CHECK(small.from_inside(esp(host.ip, server.ip, 0x1001)).passed());
  CHECK_FALSE(small.from_inside(esp(host.ip, second_server.ip, 0x1001)).passed());
}
