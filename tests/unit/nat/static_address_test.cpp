#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const IpAddress own = ip("203.0.113.7");       // of inside_1
const IpAddress own_of_2 = ip("203.0.113.8");  // of inside_2; inside_3 has none
const TransportAddress e1p{outside_1, 7000};

Config config_with_pairs() {
  Config config = default_config();
  config.static_addresses = {{inside_1, own}, {inside_2, own_of_2}};
  return config;
}

}  // namespace

TEST_CASE("nat: a static address is translated in both directions, ports kept, nothing remembered",
          "[nat][rfc2663-4.1.1]") {
  Bench bench(config_with_pairs());
  CHECK(bench.seen({inside_1, 5000}, e1p) == TransportAddress{own, 5000});
  CHECK(bench.udp_in(e1p, {own, 53}).destination() == TransportAddress{inside_1, 53});
  CHECK(bench.tcp_in(e1p, {own, 22}, tcp_flag::syn).destination() ==
        TransportAddress{inside_1, 22});
  CHECK(bench.tcp_out({inside_1, 22}, e1p, tcp_flag::ack).source() == TransportAddress{own, 22});
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.seen({inside_3, 5000}, e1p).ip == nat_external);
}

TEST_CASE("nat: a host with a static address is pinged, and pings", "[nat][rfc5508-5]") {
  Bench bench(config_with_pairs());
  const Outcome in =
      bench.from_outside(make_icmp_echo(outside_1, own, icmp_type::echo, 7, 1, as_bytes("ping")));
  REQUIRE(in.action == Action::send_inside);
  CHECK(in.ipv4().destination() == inside_1.v4_bits());
  const Outcome reply = bench.from_inside(
      make_icmp_echo(inside_1, outside_1, icmp_type::echo_reply, 7, 1, as_bytes("ping")));
  REQUIRE(reply.action == Action::send_outside);
  CHECK(reply.ipv4().source() == own.v4_bits());
  CHECK(bench.echo_out(inside_1, outside_1, 9).source() == TransportAddress{own, 9});
}

TEST_CASE("nat: other protocols and all fragments pass at a static address",
          "[nat][rfc2663-4.1.1]") {
  Bench bench(config_with_pairs());
  constexpr std::uint8_t esp = 50;
  const Outcome out =
      bench.from_inside(make_ipv4(inside_1, outside_1, esp, as_bytes("spi and more")));
  REQUIRE(out.action == Action::send_outside);
  CHECK(out.ipv4().source() == own.v4_bits());
  CHECK(bench.from_outside(make_ipv4(outside_1, own, esp, as_bytes("spi"))).action ==
        Action::send_inside);
  ByteVector later = make_ipv4(outside_1, own, ip_protocol::udp, payload_of(64));
  Ipv4Packet::parse(later)->set_fragment(1024, false);
  const Outcome fragment = bench.from_outside(later);
  REQUIRE(fragment.action == Action::send_inside);
  CHECK(fragment.ipv4().destination() == inside_1.v4_bits());
}

TEST_CASE("nat: ICMP errors are translated at a static address", "[nat][rfc5508-4]") {
  Bench bench(config_with_pairs());
  const Outcome out = bench.udp_out({inside_1, 5000}, e1p);
  const Outcome error = bench.from_outside(make_icmp_error(
      router, own, icmp_type::destination_unreachable, unreachable_code::port, 0, out.packet));
  REQUIRE(error.action == Action::send_inside);
  CHECK(error.ipv4().destination() == inside_1.v4_bits());
  CHECK(source_of(error.icmp().payload()) == TransportAddress{inside_1, 5000});

  const Outcome in = bench.udp_in(e1p, {own, 5001});
  const auto about = [&](IpAddress sender) {
    return bench.from_inside(
        make_icmp_error(sender, outside_1, icmp_type::time_exceeded, 0, 0, in.packet));
  };
  const Outcome from_host = about(inside_1);
  REQUIRE(from_host.action == Action::send_outside);
  CHECK(from_host.ipv4().source() == own.v4_bits());
  CHECK(destination_of(from_host.icmp().payload()) == TransportAddress{own, 5001});
  // RFC 5508 REQ-5c: a router inside has no address of its own, so it appears as the NAT.
  CHECK(about(ip("192.168.1.77")).ipv4().source() == nat_external.v4_bits());
}

TEST_CASE("nat: hosts inside meet at static addresses", "[nat][rfc4787-6][rfc5508-7]") {
  Bench bench(config_with_pairs());
  const Outcome between = bench.udp_out({inside_1, 5000}, {own_of_2, 6000});
  REQUIRE(between.action == Action::send_inside);
  CHECK(between.source() == TransportAddress{own, 5000});
  CHECK(between.destination() == TransportAddress{inside_2, 6000});
  const Outcome ping = bench.from_inside(
      make_icmp_echo(inside_1, own_of_2, icmp_type::echo, 7, 1, as_bytes("ping")));
  REQUIRE(ping.action == Action::send_inside);
  CHECK(ping.source() == TransportAddress{own, 7});

  // From a host that shares an address, to one that has its own, and back.
  const Outcome there = bench.udp_out({inside_3, 5000}, {own, 6000});
  REQUIRE(there.action == Action::send_inside);
  CHECK(there.source() == TransportAddress{nat_external, 5000});
  CHECK(there.destination() == TransportAddress{inside_1, 6000});
  const Outcome back = bench.udp_out({inside_1, 6000}, there.source());
  REQUIRE(back.action == Action::send_inside);
  CHECK(back.source() == TransportAddress{own, 6000});
  CHECK(back.destination() == TransportAddress{inside_3, 5000});
}

TEST_CASE("nat: a ping between a host that shares an address and one that has its own",
          "[nat][rfc5508-5]") {
  Bench bench(config_with_pairs());
  const Outcome ping = bench.echo_out(inside_3, own, 7);
  REQUIRE(ping.action == Action::send_inside);
  CHECK(ping.ipv4().source() == nat_external.v4_bits());
  CHECK(ping.ipv4().destination() == inside_1.v4_bits());
  const std::uint16_t seen = ping.icmp().identifier();
  const Outcome reply = bench.from_inside(
      make_icmp_echo(inside_1, nat_external, icmp_type::echo_reply, seen, 1, as_bytes("ping")));
  REQUIRE(reply.action == Action::send_inside);
  CHECK(reply.ipv4().source() == own.v4_bits());
  CHECK(reply.ipv4().destination() == inside_3.v4_bits());
  CHECK(reply.icmp().identifier() == 7);
}

TEST_CASE("nat: static addresses hairpin as the others do", "[nat][rfc4787-6]") {
  Config config = config_with_pairs();
  config.hairpin = Hairpin::off;
  Bench off(config);
  CHECK_FALSE(off.udp_out({inside_1, 5000}, {own_of_2, 6000}).passed());
  CHECK_FALSE(off.udp_out({inside_1, 5000}, {nat_external, 6000}).passed());
  CHECK(off.nat.counters().dropped_hairpin_off == 2);
  config.hairpin = Hairpin::internal;
  Bench internal(config);
  CHECK(internal.udp_out({inside_1, 5000}, {own_of_2, 6000}).source().ip == inside_1);
}

TEST_CASE("nat: at a static address TTL and MTU are minded", "[nat][rfc5508-7]") {
  Config config = config_with_pairs();
  config.outside_mtu = 600;
  Bench bench(config);
  const Outcome expired = bench.from_inside(make_udp({inside_1, 1}, e1p, {}, {.ttl = 1}));
  REQUIRE(error_in(expired.commands));
  CHECK(error_in(expired.commands)->type() == icmp_type::time_exceeded);
  const Outcome big =
      bench.from_inside(make_udp({inside_1, 1}, e1p, payload_of(1000), {.dont_fragment = true}));
  REQUIRE(error_in(big.commands));
  CHECK(error_in(big.commands)->next_hop_mtu() == 600);
}

TEST_CASE("nat: static addresses that contradict something are refused in one line", "[nat]") {
  const auto problem = [](std::vector<StaticAddress> pairs) {
    Config config = default_config();
    config.static_addresses = std::move(pairs);
    return problem_with(config).value_or("none");
  };
  CHECK(problem({{inside_1, own}, {inside_2, own_of_2}}) == "none");
  CHECK(problem({{inside_1, own}, {inside_2, own}}) ==
        "static 192.168.1.11=203.0.113.7: contradicts static 192.168.1.10=203.0.113.7");
  CHECK(problem({{inside_1, own}, {inside_1, own_of_2}}).contains("contradicts"));
  CHECK(problem({{inside_1, own}, {own, own_of_2}}).contains("inside and external"));
  CHECK(problem({{inside_1, nat_external}}) ==
        "static 192.168.1.10=203.0.113.5: 203.0.113.5 is shared by the other inside hosts");
  CHECK(problem({{nat_inside, own}}).contains("is the NAT itself"));
  CHECK(problem({{inside_1, nat_inside}}).contains("is the NAT's inside address"));
  CHECK(problem({{inside_1, ip("255.255.255.255")}}) != "none");
}

}  // namespace stile::nat::test
