#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress inside{inside_1, 40000};

}  // namespace

TEST_CASE("nat: a packet cut short anywhere is dropped", "[nat][rfc1812-5.2.2]") {
  Bench bench;
  for (const ByteVector& whole :
       {make_udp(inside, e1p, payload_of(9)), make_tcp(inside, e1p, tcp_flag::syn),
        make_icmp_echo(inside_1, outside_1, 8, 1, 1)}) {
    for (std::size_t length = 0; length < whole.size(); ++length)
      CHECK(bench.from_inside(copy_of(Bytes(whole).first(length))).action == Action::drop);
    CHECK(bench.from_inside(whole).passed());
  }
}

TEST_CASE("nat: a packet whose IP length cuts its transport header is dropped",
          "[nat][rfc1812-5.2.2]") {
  Bench bench;
  const auto shortened = [&](ByteVector packet, std::size_t length) {
    Ipv4Packet::parse(packet)->set_total_length(static_cast<std::uint16_t>(length));
    return bench.from_inside(packet).action;
  };
  for (std::size_t length = 20; length < 28; ++length) {
    CHECK(shortened(make_udp(inside, e1p, payload_of(9)), length) == Action::drop);
    CHECK(shortened(make_icmp_echo(inside_1, outside_1, 8, 1, 1), length) == Action::drop);
  }
  CHECK(shortened(make_udp(inside, e1p, payload_of(9)), 36) == Action::drop);
  for (std::size_t length = 20; length < 40; ++length)
    CHECK(shortened(make_tcp(inside, e1p, tcp_flag::syn), length) == Action::drop);
}

TEST_CASE("nat: padding behind the packet is cut off", "[nat]") {
  Bench bench;
  ByteVector packet = make_udp(inside, e1p, payload_of(1));
  packet.resize(46);
  const Outcome outcome = bench.from_inside(packet);
  REQUIRE(outcome.passed());
  CHECK(outcome.packet.size() == 29);
}

TEST_CASE("nat: a wrong header checksum, version or header length is dropped",
          "[nat][rfc1812-5.2.2]") {
  Bench bench;
  ByteVector packet = make_udp(inside, e1p, payload_of(9));
  packet[10] ^= 1;
  CHECK(bench.from_inside(packet).action == Action::drop);
  CHECK(bench.nat.counters().dropped_malformed == 1);
  for (const std::uint8_t first : {0x44, 0x4f}) {
    packet = make_udp(inside, e1p, payload_of(9));
    packet[0] = first;
    CHECK(bench.from_inside(packet).action == Action::drop);
  }
  packet[0] = 0x65;
  CHECK(bench.from_inside(packet).action == Action::drop);
  CHECK(bench.nat.counters().dropped_protocol == 1);
}

TEST_CASE("nat: other protocols are dropped and counted", "[nat]") {
  Bench bench;
  for (const std::uint8_t protocol : {0, 2, 41, 47, 51, 255})
    CHECK(bench.from_inside(make_ipv4(inside_1, outside_1, protocol, payload_of(40))).action ==
          Action::drop);
  CHECK(bench.nat.counters().dropped_protocol == 6);
}

TEST_CASE("nat: port 0 is dropped", "[nat][rfc4787-4.3]") {
  Bench bench;
  CHECK(bench.udp_out({inside_1, 0}, e1p).action == Action::drop);
  CHECK(bench.udp_out(inside, {outside_1, 0}).action == Action::drop);
  CHECK(bench.tcp_out({inside_1, 0}, e1p, tcp_flag::syn).action == Action::drop);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("nat: a UDP packet without checksum keeps having none", "[nat][rfc768]") {
  Bench bench;
  bench.seen(inside, e1p);
  ByteVector packet = make_udp({inside_2, 40000}, e1p, payload_of(9));
  store_u16(packet.data() + 26, 0);
  const Outcome outcome = bench.from_inside(packet);
  CHECK(outcome.source().port != 40000);
  CHECK(UdpView::parse(outcome.transport())->checksum() == 0);
}

TEST_CASE("nat: payloads are not touched, whatever addresses they speak of",
          "[nat][rfc4787-req10][rfc5382-req6]") {
  Bench bench;
  bench.seen({inside_2, 5060}, e1p);
  const std::string_view sip =
      "INVITE sip:b@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.10:5060\r\nContact: "
      "<sip:a@192.168.1.10:5060>\r\n\r\n"
      "c=IN IP4 192.168.1.10\r\nm=audio 5060 RTP/AVP 0\r\n";
  for (const std::uint16_t port : {53, 69, 500, 1719, 5060}) {
    const Outcome outcome =
        bench.from_inside(make_udp({inside_1, 5060}, {outside_1, port}, as_bytes(sip)));
    CHECK(as_text(UdpView::parse(outcome.transport())->payload()) == sip);
  }
  ByteVector mapped_address{0, 1, 0x13, 0xc4, 192, 168, 1, 10};
  const Outcome outcome =
      bench.from_inside(make_udp({inside_1, 5060}, {outside_1, 3478}, mapped_address));
  CHECK(copy_of(UdpView::parse(outcome.transport())->payload()) == mapped_address);

  const std::string_view ftp = "PORT 192,168,1,10,19,196\r\n";
  bench.connect(inside, {outside_1, 21});
  const Outcome command = bench.from_inside(
      make_tcp(inside, {outside_1, 21}, tcp_flag::ack | tcp_flag::psh, as_bytes(ftp)));
  CHECK(as_text(command.tcp().payload()) == ftp);
}

TEST_CASE("nat: packets to other addresses than the NAT's, or from the NAT's own, do not come in",
          "[nat]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  CHECK(bench.udp_in(e1p, inside).action == Action::drop);
  CHECK(bench.udp_in(e1p, {nat_inside, 53}).action == Action::drop);
  CHECK(bench.nat.counters().dropped_not_for_us == 2);
  CHECK(bench.udp_in({nat_external, 40000}, external).action == Action::drop);
  CHECK(bench.udp_in({nat_inside, 40000}, external).action == Action::drop);
  CHECK(bench.nat.counters().dropped_spoofed == 2);
}

TEST_CASE("nat: inside and outside hosts may have the same address", "[nat][rfc4787-req7]") {
  // The external address lies in the inside prefix, and an inside host has it too.
  Config config = default_config();
  config.external = {ip("192.168.1.77")};
  Bench bench(config);
  const TransportAddress namesake{ip("192.168.1.77"), 40000};
  const TransportAddress external = bench.seen(namesake, e1p);
  CHECK(external.ip == ip("192.168.1.77"));
  CHECK(bench.udp_in(e1p, external).destination() == namesake);
  // An outside host with the number of an inside host is another host.
  const TransportAddress twin{inside_2, 9000};
  CHECK(bench.seen({inside_1, 40001}, twin).port == 40001);
  CHECK(bench.udp_in(twin, {external.ip, 40001}).source() == twin);
}

TEST_CASE("nat: what is for inside networks goes back inside as it is", "[nat]") {
  Config config = default_config();
  config.inside_networks = {*IpPrefix::parse("192.168.0.0/16")};
  Bench bench(config);
  const Outcome outcome = bench.udp_out(inside, {ip("192.168.7.7"), 53});
  CHECK(outcome.action == Action::send_inside);
  CHECK(outcome.source() == inside);
  CHECK(outcome.ipv4().ttl() == 63);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("nat: networks without NAT are forwarded to and from untranslated",
          "[nat][rfc6888-req6]") {
  Config config = default_config();
  config.inside_networks = {*IpPrefix::parse("192.168.1.0/24")};
  config.no_nat = {*IpPrefix::parse("10.8.0.0/16")};
  config.outside_mtu = 1400;
  Bench bench(config);
  const TransportAddress remote{ip("10.8.1.1"), 500};
  const Outcome out = bench.udp_out(inside, remote);
  CHECK(out.action == Action::send_outside);
  CHECK(out.source() == inside);
  const Outcome in = bench.udp_in(remote, inside);
  CHECK(in.action == Action::send_inside);
  CHECK(in.source() == remote);
  CHECK(bench.udp_in(remote, {ip("192.168.2.1"), 1}).action == Action::drop);
  CHECK(bench.from_inside(make_ipv4(inside_1, remote.ip, 50, payload_of(40))).action ==
        Action::send_outside);
  CHECK(error_in(bench.from_inside(make_udp(inside, remote, {}, {.ttl = 1})).commands)->type() ==
        icmp_type::time_exceeded);
  const Outcome big =
      bench.from_inside(make_udp(inside, remote, payload_of(1450), {.dont_fragment = true}));
  CHECK(error_in(big.commands)->next_hop_mtu() == 1400);
}

TEST_CASE("nat: source routes are not forwarded", "[nat][rfc5508-7.3]") {
  Bench bench;
  const ByteVector loose{1, 131, 7, 4, 198, 51, 100, 1};
  const ByteVector record{7, 7, 4, 0, 0, 0, 0, 0};
  CHECK(bench.from_inside(make_udp(inside, e1p, {}, {.options = loose})).action == Action::drop);
  CHECK(bench.nat.counters().dropped_source_route == 1);
  CHECK(bench.from_inside(make_udp(inside, e1p, {}, {.options = record})).passed());
}

}  // namespace stile::nat::test
