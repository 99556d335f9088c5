#include <set>

#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

TEST_CASE("nat: echo requests go out and their replies come back", "[nat][rfc5508-req1]") {
  Bench bench;
  const Outcome request = bench.echo_out(inside_1, outside_1, 7);
  REQUIRE(request.action == Action::send_outside);
  CHECK(request.source() == TransportAddress{nat_external, 7});
  CHECK(request.icmp().sequence() == 1);
  CHECK(as_text(request.icmp().payload()) == "ping");
  const Outcome reply = bench.echo_reply_in(outside_1, nat_external, 7);
  REQUIRE(reply.action == Action::send_inside);
  CHECK(reply.ipv4().destination() == inside_1.v4_bits());
  CHECK(reply.icmp().identifier() == 7);
}

TEST_CASE(
    "nat: an identifier is mapped regardless of the remote host, and apart for each inside host",
    "[nat][rfc5508-req1a]") {
  for (const Behavior mapping :
       {Behavior::endpoint_independent, Behavior::address_and_port_dependent}) {
    Config config = default_config();
    config.mapping = mapping;
    Bench bench(config);
    const std::uint16_t first = bench.echo_out(inside_1, outside_1, 7).icmp().identifier();
    CHECK(bench.echo_out(inside_1, outside_2, 7).icmp().identifier() == first);
    const std::uint16_t second = bench.echo_out(inside_2, outside_1, 7).icmp().identifier();
    CHECK(second != first);
    const Outcome reply = bench.echo_reply_in(outside_1, nat_external, second);
    CHECK(reply.ipv4().destination() == inside_2.v4_bits());
    CHECK(reply.icmp().identifier() == 7);
  }
}

TEST_CASE("nat: any identifier can be mapped", "[nat][rfc5508-req1]") {
  Bench bench;
  for (const std::uint16_t identifier : {0, 1, 65535}) {
    CHECK(bench.echo_out(inside_1, outside_1, identifier).icmp().identifier() == identifier);
    CHECK(bench.echo_reply_in(outside_1, nat_external, identifier).icmp().identifier() ==
          identifier);
  }
}

TEST_CASE("nat: a reply that becomes all zeros has a checksum that verifies", "[nat][rfc1624-3]") {
  Bench bench;
  bench.echo_out(inside_1, outside_1, 0);
  const std::uint16_t identifier = bench.echo_out(inside_2, outside_1, 0).icmp().identifier();
  const Outcome reply = bench.from_outside(
      make_icmp_echo(outside_1, nat_external, icmp_type::echo_reply, identifier, 0));
  CHECK(reply.icmp().identifier() == 0);
  CHECK(reply.icmp().checksum() == 0xffff);
}

TEST_CASE("nat: timestamp queries are translated like echo", "[nat][rfc5508-req1]") {
  Bench bench;
  const ByteVector times = payload_of(12);
  const Outcome query =
      bench.from_inside(make_icmp_echo(inside_1, outside_1, icmp_type::timestamp, 9, 1, times));
  REQUIRE(query.action == Action::send_outside);
  CHECK(bench
            .from_outside(make_icmp_echo(outside_1, nat_external, icmp_type::timestamp_reply,
                                         query.icmp().identifier(), 1, times))
            .passed());
}

TEST_CASE("nat: replies to nobody's query are dropped", "[nat][rfc5508-3.1]") {
  Bench bench;
  CHECK(bench.echo_reply_in(outside_1, nat_external, 7).action == Action::drop);
  CHECK(bench.nat.counters().dropped_no_mapping == 1);
}

TEST_CASE("nat: replies from a host that was not asked pass the filter or not",
          "[nat][rfc4787-5]") {
  Config config = default_config();
  config.filtering = Behavior::address_dependent;
  Bench bench(config);
  bench.echo_out(inside_1, outside_1, 7);
  CHECK_FALSE(bench.echo_reply_in(outside_2, nat_external, 7).passed());
  CHECK(bench.echo_reply_in(outside_1, nat_external, 7).passed());
}

TEST_CASE("nat: ICMP that is neither query nor error is dropped", "[nat][rfc5508-req11]") {
  Bench bench;
  for (const std::uint8_t type : {9, 10, 15, 17, 40, 255})
    CHECK(bench.from_inside(make_icmp_echo(inside_1, outside_1, type, 1, 1)).action ==
          Action::drop);
  CHECK(bench.nat.counters().dropped_icmp_type == 6);
  CHECK(bench.nat.mapping_count() == 0);
}

}  // namespace stile::nat::test
