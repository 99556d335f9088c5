#include <algorithm>

#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress inside{inside_1, 40000};

/// I2's port is taken by I1, so what I2 sends really is rewritten.
TransportAddress conflicting_mapping(Bench& bench) {
  bench.seen(inside, e1p);
  const TransportAddress external = bench.seen({inside_2, 40000}, e1p);
  REQUIRE(external.port != 40000);
  return external;
}

ByteVector error_about(Bytes packet, std::uint8_t type = 3, std::uint8_t code = 3,
                       std::uint32_t rest = 0) {
  return make_icmp_error(router, nat_external, type, code, rest, packet);
}

void mend_icmp(ByteVector& packet) {
  store_u16(packet.data() + 22, 0);
  store_u16(packet.data() + 22, internet_checksum(Bytes(packet).subspan(20)));
}

}  // namespace

TEST_CASE("nat: an error about an outbound packet is brought back to its sender",
          "[nat][rfc5508-req4][rfc4787-req12b][rfc5382-req9]") {
  Bench bench;
  const TransportAddress external = conflicting_mapping(bench);
  const ByteVector sent = make_udp(external, e1p, as_bytes("payload"));
  const Outcome outcome = bench.from_outside(error_about(sent));
  REQUIRE(outcome.action == Action::send_inside);
  CHECK(outcome.ipv4().source() == router.v4_bits());
  CHECK(outcome.ipv4().destination() == inside_2.v4_bits());
  CHECK(outcome.icmp().type() == 3);
  CHECK(outcome.icmp().code() == 3);
  const Bytes quoted = outcome.icmp().payload();
  CHECK(source_of(quoted) == TransportAddress{inside_2, 40000});
  CHECK(destination_of(quoted) == e1p);
  CHECK(checksums_are_right(quoted));
}

TEST_CASE("nat: an error about TCP keeps the quoted sequence number", "[nat][rfc5382-req9]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  for (const std::uint8_t code : {1, 3, 4}) {
    const ByteVector sent =
        make_tcp(external, e1p, tcp_flag::ack, as_bytes("data"), {.sequence = 0x12345678});
    const Outcome outcome = bench.from_outside(error_about(sent, 3, code, code == 4 ? 1400 : 0));
    REQUIRE(outcome.passed());
    CHECK(checksums_are_right(outcome.icmp().payload()));
    CHECK(load_u32(outcome.icmp().payload().data() + 24) == 0x12345678);
    if (code == 4) CHECK(outcome.icmp().next_hop_mtu() == 1400);
  }
}

TEST_CASE("nat: an absent UDP checksum in the quoted packet stays absent", "[nat][rfc5508-req4]") {
  Bench bench;
  ByteVector sent = make_udp(conflicting_mapping(bench), e1p, as_bytes("payload"));
  store_u16(sent.data() + 26, 0);
  const Outcome outcome = bench.from_outside(error_about(sent));
  REQUIRE(outcome.passed());
  CHECK(load_u16(outcome.icmp().payload().data() + 26) == 0);
}

TEST_CASE("nat: eight bytes of the quoted transport header suffice, seven do not",
          "[nat][rfc5508-req4]") {
  Bench bench;
  const ByteVector udp = make_udp(conflicting_mapping(bench), e1p, as_bytes("payload"));
  CHECK(bench.from_outside(error_about(Bytes(udp).first(28))).passed());
  CHECK_FALSE(bench.from_outside(error_about(Bytes(udp).first(27))).passed());
  const TransportAddress external = bench.connect(inside, e1p);
  const ByteVector tcp = make_tcp(external, e1p, tcp_flag::ack);
  CHECK(source_of(bench.from_outside(error_about(Bytes(tcp).first(28))).icmp().payload()) ==
        inside);
  CHECK_FALSE(bench.from_outside(error_about(Bytes(tcp).first(27))).passed());
  CHECK(bench.nat.counters().dropped_icmp_error_unmatched == 2);
}

TEST_CASE("nat: an error with a wrong checksum is dropped", "[nat][rfc5508-req3]") {
  Bench bench;
  ByteVector error = error_about(make_udp(conflicting_mapping(bench), e1p, {}));
  error[30] ^= 1;
  CHECK(bench.from_outside(error).action == Action::drop);
  CHECK(bench.nat.counters().dropped_icmp_error_invalid == 1);
}

TEST_CASE("nat: an error that quotes a wrong IP checksum is dropped", "[nat][rfc5508-req3a]") {
  Bench bench;
  ByteVector sent = make_udp(conflicting_mapping(bench), e1p, {});
  sent[10] ^= 1;
  CHECK(bench.from_outside(error_about(sent)).action == Action::drop);
  CHECK(bench.nat.counters().dropped_icmp_error_invalid == 1);
}

TEST_CASE("nat: options of the quoted packet are stepped over", "[nat][rfc5508-req3b]") {
  Bench bench;
  const TransportAddress external = conflicting_mapping(bench);
  for (std::size_t size = 4; size <= 40; size += 4) {
    const ByteVector options(size, 1);
    const ByteVector sent = make_udp(external, e1p, as_bytes("payload"), {.options = options});
    const Outcome outcome = bench.from_outside(error_about(sent));
    REQUIRE(outcome.passed());
    CHECK(source_of(outcome.icmp().payload()) == TransportAddress{inside_2, 40000});
    CHECK(checksums_are_right(outcome.icmp().payload()));
  }
}

TEST_CASE("nat: a wrong transport checksum in the quoted packet does not matter",
          "[nat][rfc5508-req3c]") {
  Bench bench;
  ByteVector sent = make_udp(conflicting_mapping(bench), e1p, as_bytes("payload"));
  sent.back() ^= 1;
  CHECK(bench.from_outside(error_about(sent)).passed());
}

TEST_CASE("nat: extensions after the quoted packet are left as they are",
          "[nat][rfc5508-req3d][rfc4884-4]") {
  Bench bench;
  // The quoted TCP header ends where its checksum would be; the extension object stands right
  // behind.
  const TransportAddress external = bench.connect(inside, e1p);
  ByteVector quoted = make_tcp(external, e1p, tcp_flag::ack, payload_of(88));
  quoted.resize(128);
  const ByteVector extension{0x20, 0, 0xaa, 0xbb, 0, 8, 1, 1, 0x12, 0x34, 0x56, 0x78};
  quoted.insert(quoted.end(), extension.begin(), extension.end());
  const Outcome whole = bench.from_outside(error_about(quoted, 11, 0, 32u << 16));
  REQUIRE(whole.passed());
  CHECK(std::ranges::equal(whole.icmp().payload().last(extension.size()), extension));
  CHECK(checksums_are_right(whole.icmp().payload().first(128)));

  ByteVector cut = make_tcp(external, e1p, tcp_flag::ack, payload_of(88));
  cut.resize(36);
  cut.insert(cut.end(), extension.begin(), extension.end());
  const Outcome outcome = bench.from_outside(error_about(cut, 11, 0, 9u << 16));
  REQUIRE(outcome.passed());
  CHECK(source_of(outcome.icmp().payload()) == inside);
  CHECK(std::ranges::equal(outcome.icmp().payload().last(extension.size()), extension));
}

TEST_CASE("nat: an error about a packet of no mapping is dropped", "[nat][rfc5508-req4]") {
  Bench bench;
  const ByteVector sent = make_udp({nat_external, 40000}, e1p, {});
  CHECK(bench.from_outside(error_about(sent)).action == Action::drop);
  CHECK(bench.nat.counters().dropped_icmp_error_unmatched == 1);
}

TEST_CASE("nat: an error may come from a host that was never contacted", "[nat][rfc4787-req12a]") {
  Config config = default_config();
  config.filtering = Behavior::address_and_port_dependent;
  Bench bench(config);
  const TransportAddress external = bench.seen(inside, e1p);
  const ByteVector sent = make_udp(external, e1p, {});
  CHECK(bench.from_outside(error_about(sent, 11, 0)).passed());
  CHECK(bench.from_outside(error_about(sent, 3, 3)).passed());
  const ByteVector never_sent = make_udp(external, {outside_2, 7000}, {});
  CHECK_FALSE(bench.from_outside(error_about(never_sent)).passed());
}

TEST_CASE("nat: no ICMP error ends a UDP mapping", "[nat][rfc4787-req12]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  const ByteVector outbound = make_udp(external, e1p, {});
  const ByteVector inbound = make_udp(e1p, inside, {});
  for (const std::uint8_t type : {3, 4, 5, 11, 12}) {
    for (std::uint8_t code = 0; code < 16; ++code) {
      CHECK(bench.from_outside(error_about(outbound, type, code)).passed());
      CHECK(
          bench.from_inside(make_icmp_error(inside_1, outside_1, type, code, 0, inbound)).passed());
    }
  }
  CHECK(bench.delivered(e1p, external));
  CHECK(bench.seen(inside, e1p) == external);
}

TEST_CASE("nat: an error from inside leaves from the mapping's address", "[nat][rfc5508-req5]") {
  Bench bench;
  const TransportAddress external = conflicting_mapping(bench);
  const Outcome received = bench.udp_in(e1p, external);
  REQUIRE(received.passed());
  for (const IpAddress& sender : {inside_2, ip("192.168.1.254")}) {
    const Outcome error =
        bench.from_inside(make_icmp_error(sender, outside_1, 3, 3, 0, received.packet));
    REQUIRE(error.action == Action::send_outside);
    CHECK(error.ipv4().source() == nat_external.v4_bits());
    CHECK(error.ipv4().destination() == outside_1.v4_bits());
    CHECK(source_of(error.icmp().payload()) == e1p);
    CHECK(destination_of(error.icmp().payload()) == external);
    CHECK(checksums_are_right(error.icmp().payload()));
  }
}

TEST_CASE("nat: an error from inside about a packet of no mapping is dropped",
          "[nat][rfc5508-req5]") {
  Bench bench;
  const ByteVector never_received = make_udp(e1p, inside, {});
  CHECK(bench.from_inside(make_icmp_error(inside_1, outside_1, 3, 3, 0, never_received)).action ==
        Action::drop);
}

TEST_CASE("nat: an error that does not go to the sender of what it quotes is dropped",
          "[nat][rfc5508-4.2]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  const ByteVector inbound = make_udp(e1p, inside, {});
  CHECK(bench.from_inside(make_icmp_error(inside_1, outside_2, 3, 3, 0, inbound)).action ==
        Action::drop);
  CHECK(bench.delivered(e1p, external));
}

TEST_CASE("nat: an error about a query finds the host that asked", "[nat][rfc5508-req4]") {
  Bench bench;
  bench.echo_out(inside_1, outside_1, 7);
  const Outcome query = bench.echo_out(inside_2, outside_1, 7);
  const Outcome outcome = bench.from_outside(error_about(query.packet, 11, 0));
  REQUIRE(outcome.passed());
  CHECK(outcome.ipv4().destination() == inside_2.v4_bits());
  CHECK(source_of(outcome.icmp().payload()) == TransportAddress{inside_2, 7});
  CHECK(checksums_are_right(outcome.icmp().payload()));
}

TEST_CASE("nat: an error about a query neither refreshes nor ends its session",
          "[nat][rfc5508-req6]") {
  Bench bench;
  const Outcome query = bench.echo_out(inside_1, outside_1, 7);
  bench.wait(40s);
  CHECK(bench.from_outside(error_about(query.packet, 11, 0)).passed());
  bench.wait(19s);
  CHECK(bench.echo_reply_in(outside_1, nat_external, 7).passed());
  bench.wait(1s);
  CHECK_FALSE(bench.echo_reply_in(outside_1, nat_external, 7).passed());
}

TEST_CASE("nat: an error about a later fragment has no ports and is dropped",
          "[nat][rfc5508-req4]") {
  Bench bench;
  ByteVector sent = make_udp(bench.seen(inside, e1p), e1p, payload_of(64));
  Ipv4Packet::parse(sent)->set_fragment(1480, false);
  CHECK(bench.from_outside(error_about(sent)).action == Action::drop);
}

TEST_CASE("nat: an error whose quote is not a packet is dropped", "[nat][rfc5508-req3]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  const ByteVector whole = error_about(make_udp(external, e1p, {}));
  for (std::size_t length = 20; length < whole.size(); ++length) {
    ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    Ipv4Packet::parse_quoted(cut)->set_total_length(static_cast<std::uint16_t>(length));
    if (length >= 24) mend_icmp(cut);
    CHECK(bench.from_outside(cut).action == Action::drop);
  }
}

}  // namespace stile::nat::test
