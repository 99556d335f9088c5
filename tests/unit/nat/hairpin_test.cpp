#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress first{inside_1, 40000};
const TransportAddress second{inside_2, 50000};

Config with(Hairpin hairpin, Behavior filtering = Behavior::endpoint_independent) {
  Config config = default_config();
  config.hairpin = hairpin;
  config.filtering = filtering;
  return config;
}

}  // namespace

TEST_CASE("nat: inside hosts reach each other's external endpoints and see external sources",
          "[nat][rfc4787-req9][rfc4787-req9a]") {
  Bench bench;
  const TransportAddress first_seen = bench.seen(first, e1p);
  const TransportAddress second_seen = bench.seen(second, e1p);
  const Outcome there = bench.udp_out(first, second_seen);
  REQUIRE(there.action == Action::send_inside);
  CHECK(there.source() == first_seen);
  CHECK(there.destination() == second);
  CHECK(there.ipv4().ttl() == 63);
  const Outcome back = bench.udp_out(second, first_seen);
  REQUIRE(back.action == Action::send_inside);
  CHECK(back.source() == second_seen);
  CHECK(back.destination() == first);
}

TEST_CASE("nat: a host reaches its own mapping", "[nat][rfc4787-req9]") {
  Bench bench;
  const TransportAddress seen = bench.seen(first, e1p);
  const Outcome from_other_port = bench.udp_out({inside_1, 40001}, seen);
  CHECK(from_other_port.destination() == first);
  CHECK(from_other_port.source().ip == nat_external);
  const Outcome from_itself = bench.udp_out(first, seen);
  CHECK(from_itself.action == Action::send_inside);
  CHECK(from_itself.source() == seen);
  CHECK(from_itself.destination() == first);
}

TEST_CASE("nat: hairpinning works from one external address to another", "[nat][rfc4787-req9]") {
  Config config = default_config();
  config.external = {ip("203.0.113.5"), ip("203.0.113.6")};
  Bench bench(config);
  const TransportAddress first_seen = bench.seen(first, e1p);
  const TransportAddress second_seen = bench.seen(second, e1p);
  REQUIRE(first_seen.ip != second_seen.ip);
  CHECK(bench.udp_out(first, second_seen).source() == first_seen);
  CHECK(bench.udp_out(second, first_seen).destination() == first);
}

TEST_CASE("nat: a hairpinned packet goes through the receiver's filter", "[nat][rfc4787-req9a]") {
  for (const Behavior filtering :
       {Behavior::address_dependent, Behavior::address_and_port_dependent}) {
    Bench bench(with(Hairpin::external, filtering));
    const TransportAddress first_seen = bench.seen(first, e1p);
    const TransportAddress second_seen = bench.seen(second, e1p);
    CHECK(bench.udp_out(first, second_seen).action == Action::drop);
    CHECK(bench.nat.counters().dropped_filtered == 1);
    CHECK(bench.udp_out(second, first_seen).action == Action::send_inside);
    CHECK(bench.udp_out(first, second_seen).action == Action::send_inside);
  }
}

TEST_CASE("nat: an external port without a mapping takes no hairpinned packet",
          "[nat][rfc4787-req9]") {
  Bench bench;
  CHECK(bench.udp_out(first, {nat_external, 50000}).action == Action::drop);
  CHECK(bench.nat.counters().dropped_no_mapping == 1);
}

TEST_CASE("nat: hairpinning with the internal source, as faulty NATs do", "[nat][rfc4787-6]") {
  Bench bench(with(Hairpin::internal));
  const TransportAddress second_seen = bench.seen(second, e1p);
  const Outcome there = bench.udp_out(first, second_seen);
  REQUIRE(there.action == Action::send_inside);
  CHECK(there.source() == first);
  CHECK(there.destination() == second);
}

TEST_CASE("nat: hairpinning can be switched off", "[nat][rfc4787-6]") {
  Bench bench(with(Hairpin::off));
  const TransportAddress second_seen = bench.seen(second, e1p);
  CHECK(bench.udp_out(first, second_seen).action == Action::drop);
  CHECK(bench.nat.counters().dropped_hairpin_off == 1);
  CHECK(bench.nat.mapping_count() == 1);
}

TEST_CASE("nat: a TCP connection can be hairpinned", "[nat][rfc5382-req8][rfc5382-req8a]") {
  using namespace tcp_flag;
  Bench bench;
  const TransportAddress second_seen = bench.connect(second, {outside_1, 80});
  const Outcome opening = bench.tcp_out(first, second_seen, syn);
  REQUIRE(opening.action == Action::send_inside);
  const TransportAddress first_seen = opening.source();
  CHECK(first_seen.ip == nat_external);
  CHECK(opening.destination() == second);
  const Outcome answer = bench.tcp_out(second, first_seen, syn | ack);
  CHECK(answer.source() == second_seen);
  CHECK(answer.destination() == first);
  CHECK(bench.tcp_out(first, second_seen, ack).action == Action::send_inside);
  bench.wait(7000s);
  CHECK(bench.tcp_out(second, first_seen, ack).action == Action::send_inside);
}

TEST_CASE("nat: two inside hosts may open to each other at the same time",
          "[nat][rfc5382-req8][rfc5382-req2a]") {
  using namespace tcp_flag;
  Bench bench(with(Hairpin::external, Behavior::address_and_port_dependent));
  const TransportAddress first_seen = bench.connect(first, {outside_1, 80});
  const TransportAddress second_seen = bench.connect(second, {outside_1, 80});
  CHECK(bench.tcp_out(first, second_seen, syn).action == Action::hold);
  bench.wait(1s);
  CHECK(bench.tcp_out(second, first_seen, syn).action == Action::send_inside);
  CHECK(bench.tcp_out(first, second_seen, syn | ack).action == Action::send_inside);
  CHECK(bench.wait(60s).empty());
}

TEST_CASE("nat: a hairpinned SYN that nothing lets in is answered inside after six seconds",
          "[nat][rfc5382-req4][rfc5382-req8]") {
  Bench bench;
  const ByteVector unsolicited = make_tcp(first, {nat_external, 50000}, tcp_flag::syn);
  CHECK(bench.from_inside(unsolicited).action == Action::hold);
  CHECK(bench.wait(5s).empty());
  const auto sent = bench.wait(1s);
  const auto error = error_in(sent);
  REQUIRE(error);
  CHECK(sent[0].side == Side::inside);
  CHECK(source_of(sent[0].packet).ip == nat_external);
  CHECK(destination_of(sent[0].packet).ip == inside_1);
  CHECK(copy_of(error->payload()) == unsolicited);
}

TEST_CASE("nat: an ICMP error about a hairpinned packet finds its way back",
          "[nat][rfc5508-req7][rfc5508-req7a]") {
  for (const bool tcp : {false, true}) {
    Bench bench;
    const TransportAddress first_seen = tcp ? bench.connect(first, e1p) : bench.seen(first, e1p);
    const TransportAddress second_seen = tcp ? bench.connect(second, e1p) : bench.seen(second, e1p);
    const Outcome there =
        tcp ? bench.tcp_out(first, second_seen, tcp_flag::syn) : bench.udp_out(first, second_seen);
    REQUIRE(there.action == Action::send_inside);
    const Outcome error =
        bench.from_inside(make_icmp_error(inside_2, nat_external, 3, 3, 0, there.packet));
    REQUIRE(error.action == Action::send_inside);
    CHECK(error.ipv4().source() == nat_external.v4_bits());
    CHECK(error.ipv4().destination() == inside_1.v4_bits());
    const Bytes quoted = error.icmp().payload();
    CHECK(source_of(quoted) == first);
    CHECK(destination_of(quoted) == second_seen);
    CHECK(checksums_are_right(quoted));
    CHECK(first_seen.ip == nat_external);
  }
}

}  // namespace stile::nat::test
