#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress inside{inside_1, 40000};

}  // namespace

TEST_CASE("nat: its own addresses answer echo requests", "[nat][rfc5508-req10a][rfc1812-4.3.3.6]") {
  Bench bench;
  const auto ping = [&](Side side, IpAddress from, IpAddress to) {
    const Outcome reply =
        bench.send(side, make_icmp_echo(from, to, icmp_type::echo, 7, 3, payload_of(100)));
    REQUIRE(reply.action == (side == Side::inside ? Action::send_inside : Action::send_outside));
    CHECK(reply.ipv4().source() == to.v4_bits());
    CHECK(reply.ipv4().destination() == from.v4_bits());
    CHECK(reply.ipv4().ttl() == 64);
    CHECK(reply.icmp().type() == icmp_type::echo_reply);
    CHECK(reply.icmp().sequence() == 3);
    CHECK(copy_of(reply.icmp().payload()) == payload_of(100));
  };
  ping(Side::inside, inside_1, nat_inside);
  ping(Side::inside, inside_1, nat_external);
  ping(Side::outside, outside_1, nat_external);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.nat.counters().echo_replies_made == 3);
}

TEST_CASE("nat: the reply to an echo request of zeros has a checksum that verifies",
          "[nat][rfc1624-3]") {
  Bench bench;
  const Outcome reply =
      bench.from_inside(make_icmp_echo(inside_1, nat_inside, icmp_type::echo, 0, 0));
  REQUIRE(reply.passed());
  CHECK(reply.icmp().checksum() == 0xffff);
}

TEST_CASE("nat: echo requests with a wrong checksum get no reply", "[nat][rfc1812-4.3.1]") {
  Bench bench;
  ByteVector request = make_icmp_echo(inside_1, nat_inside, icmp_type::echo, 7, 3, payload_of(10));
  request.back() ^= 1;
  CHECK(bench.from_inside(request).action == Action::drop);
}

TEST_CASE("nat: it offers nothing but echo", "[nat]") {
  Bench bench;
  CHECK(bench.udp_out(inside, {nat_inside, 53}).action == Action::drop);
  CHECK(bench.tcp_out(inside, {nat_inside, 80}, tcp_flag::syn).action == Action::drop);
  CHECK(bench.echo_out(inside_1, nat_inside, 1).passed());
  CHECK(bench.nat.counters().dropped_local == 2);
  CHECK(bench.wait(60s).empty());
}

TEST_CASE("nat: a packet from inside whose TTL ends is answered from the inside address",
          "[nat][rfc5508-req10a2][rfc5508-7.2]") {
  Bench bench;
  const ByteVector probe = make_udp(inside, e1p, payload_of(20), {.ttl = 1, .tos = 0xb8});
  const Outcome outcome = bench.from_inside(probe);
  CHECK(outcome.action == Action::drop);
  const auto error = error_in(outcome.commands);
  REQUIRE(error);
  CHECK(outcome.commands[0].side == Side::inside);
  CHECK(source_of(outcome.commands[0].packet).ip == nat_inside);
  CHECK(destination_of(outcome.commands[0].packet).ip == inside_1);
  CHECK(error->type() == icmp_type::time_exceeded);
  CHECK(error->code() == 0);
  CHECK(copy_of(error->payload()) == probe);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.udp_out(inside, e1p).ipv4().ttl() == 63);
}

TEST_CASE("nat: a packet from outside whose TTL ends is answered from the external address",
          "[nat][rfc5508-req10a2]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  const ByteVector probe = make_udp(e1p, external, payload_of(20), {.ttl = 1});
  const Outcome outcome = bench.from_outside(probe);
  CHECK(outcome.action == Action::drop);
  const auto error = error_in(outcome.commands);
  REQUIRE(error);
  CHECK(outcome.commands[0].side == Side::outside);
  CHECK(source_of(outcome.commands[0].packet).ip == nat_external);
  CHECK(copy_of(error->payload()) == probe);
}

TEST_CASE("nat: errors copy the DS field and quote at most what fits 576 bytes",
          "[nat][rfc5508-req10d][rfc1812-4.3.2.3]") {
  Bench bench;
  const ByteVector probe = make_udp(inside, e1p, payload_of(1400), {.ttl = 1, .tos = 0xb8});
  const Outcome outcome = bench.from_inside(probe);
  REQUIRE(outcome.commands.size() == 1);
  const auto error = Ipv4View::parse(outcome.commands[0].packet);
  CHECK(error->tos() == 0xb8);
  CHECK(error->total_length() == 576);
}

TEST_CASE(
    "nat: errors are not answered with errors, nor are broadcasts, later fragments and bad sources",
    "[nat][rfc5508-req10e][rfc1812-4.3.2.7]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  const auto nothing_comes = [&](Side from, ByteVector packet) {
    CHECK(bench.send(from, std::move(packet)).commands.empty());
  };
  nothing_comes(Side::outside, make_icmp_error(router, nat_external, 3, 3, 0,
                                               make_udp(external, e1p, {}), {.ttl = 1}));
  nothing_comes(Side::inside, make_udp(inside, {ip("255.255.255.255"), 67}, {}, {.ttl = 1}));
  nothing_comes(Side::inside, make_udp(inside, {ip("224.0.0.251"), 5353}, {}, {.ttl = 1}));
  nothing_comes(Side::inside, make_udp({ip("0.0.0.0"), 68}, e1p, {}, {.ttl = 1}));
  nothing_comes(Side::inside, make_udp({ip("127.0.0.1"), 68}, e1p, {}, {.ttl = 1}));
  nothing_comes(Side::inside, make_udp({ip("224.0.0.1"), 68}, e1p, {}, {.ttl = 1}));
  ByteVector later = make_udp(inside, e1p, payload_of(64), {.ttl = 1});
  Ipv4Packet::parse(later)->set_fragment(64, false);
  nothing_comes(Side::inside, later);
}

TEST_CASE("nat: errors are limited in rate, on each side apart",
          "[nat][rfc5508-req10f][rfc1812-4.3.2.8]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  std::size_t answers = 0;
  for (int i = 0; i < 10000; ++i)
    answers += bench.from_outside(make_udp(e1p, external, {}, {.ttl = 1})).commands.size();
  CHECK(answers == bench.nat.config().icmp_error_burst);
  CHECK(bench.nat.counters().icmp_errors_suppressed == 10000 - answers);
  CHECK(bench.from_inside(make_udp(inside, e1p, {}, {.ttl = 1})).commands.size() == 1);
  bench.wait(100ms);
  answers = 0;
  for (int i = 0; i < 100; ++i)
    answers += bench.from_outside(make_udp(e1p, external, {}, {.ttl = 1})).commands.size();
  CHECK(answers == bench.nat.config().icmp_errors_per_second / 10);
}

}  // namespace stile::nat::test
