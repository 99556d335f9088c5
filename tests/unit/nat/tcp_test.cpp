#include "nat/core/tcp_tracking.hpp"
#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

using namespace tcp_flag;

const TransportAddress e1p{outside_1, 80};
const TransportAddress e1q{outside_1, 81};
const TransportAddress e2p{outside_2, 80};
const TransportAddress inside{inside_1, 40000};

Config filtering(Behavior behavior) {
  Config config = default_config();
  config.filtering = behavior;
  return config;
}

TcpState state_of(const Bench& bench) {
  std::optional<TcpState> state;
  bench.nat.for_each_session(bench.now, [&](const SessionInfo& info) { state = info.tcp_state; });
  REQUIRE(state);
  return *state;
}

}  // namespace

TEST_CASE("nat: connections of one inside endpoint share one external endpoint",
          "[nat][rfc5382-req1]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  CHECK(bench.connect(inside, e1q) == external);
  CHECK(bench.connect(inside, e2p) == external);
  bench.tcp_out(inside, e1p, fin | ack);
  bench.tcp_in(e1p, external, fin | ack);
  CHECK(bench.connect(inside, e1p) == external);
}

TEST_CASE("nat: sequences of TCP pass, whoever sends", "[nat][rfc5382-req2]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  const TcpFields keep_alive{.sequence = 999, .acknowledgment = 5000};
  CHECK(bench.tcp_out(inside, e1p, ack, keep_alive).passed());
  CHECK(bench.tcp_in(e1p, external, ack, {.sequence = 5000, .acknowledgment = 1000, .window = 0})
            .passed());
  CHECK(bench.tcp_out(inside, e1p, psh | urg | ack | 0xc0, {.sequence = 0xfffffff0}).passed());
  CHECK(bench.tcp_in(e1p, external, fin | ack).passed());
  CHECK(bench.tcp_out(inside, e1p, psh | ack).passed());
  CHECK(bench.tcp_out(inside, e1p, fin | ack).passed());
  CHECK(bench.tcp_in(e1p, external, fin | ack).passed());
  CHECK(bench.tcp_in(e1p, external, rst).passed());
  CHECK(bench.tcp_out(inside, e1p, rst).passed());
}

TEST_CASE("nat: TCP options and payload come out as they went in", "[nat][rfc5382-req2]") {
  Bench bench;
  const ByteVector options{2, 4, 5, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 3, 7};
  const ByteVector sent =
      make_tcp(inside, e1p, syn, as_bytes("early data"), {.sequence = 77, .options = options});
  const Outcome outcome = bench.from_inside(sent);
  REQUIRE(outcome.passed());
  CHECK(copy_of(outcome.tcp().options()) == options);
  CHECK(as_text(outcome.tcp().payload()) == "early data");
  CHECK(outcome.tcp().sequence() == 77);
}

TEST_CASE("nat: an outside host may begin a connection where the filter lets it",
          "[nat][rfc5382-req2][rfc5382-req3]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  CHECK(bench.tcp_in(e2p, external, syn).destination() == inside);
  CHECK(bench.tcp_out(inside, e2p, syn | ack).source() == external);
  CHECK(bench.tcp_in(e2p, external, ack).passed());
  CHECK(bench.tcp_out(inside, e2p, psh | ack).passed());
  bench.wait(7000s);
  CHECK(bench.tcp_in(e2p, external, psh | ack).passed());
}

TEST_CASE("nat: filters of TCP tell addresses and ports apart", "[nat][rfc5382-req3]") {
  Bench by_address(filtering(Behavior::address_dependent));
  const TransportAddress external = by_address.connect(inside, e1p);
  CHECK(by_address.tcp_in(e1q, external, syn).action == Action::send_inside);
  CHECK(by_address.tcp_in(e2p, external, syn).action == Action::hold);
  Bench by_port(filtering(Behavior::address_and_port_dependent));
  CHECK(by_port.connect(inside, e1p) == external);
  CHECK(by_port.tcp_in(e1q, external, syn).action == Action::hold);
  CHECK(by_port.tcp_in(e1p, external, syn).action == Action::send_inside);
}

TEST_CASE("nat: both sides may open at the same time", "[nat][rfc5382-req2a]") {
  for (const Behavior behavior :
       {Behavior::endpoint_independent, Behavior::address_and_port_dependent}) {
    Bench bench(filtering(behavior));
    const TransportAddress external = bench.tcp_out(inside, e1p, syn).source();
    CHECK(bench.tcp_in(e1p, external, syn).action == Action::send_inside);
    CHECK(bench.tcp_out(inside, e1p, syn | ack).action == Action::send_outside);
    CHECK(bench.tcp_in(e1p, external, syn | ack).action == Action::send_inside);
    CHECK(state_of(bench) == TcpState::established);
  }
}

TEST_CASE("nat: an unsolicited SYN is answered after six seconds, with ICMP and never with RST",
          "[nat][rfc5382-req4]") {
  for (const bool mapped : {false, true}) {
    Bench bench(filtering(Behavior::address_and_port_dependent));
    const TransportAddress external =
        mapped ? bench.connect(inside, e1q) : TransportAddress{nat_external, 40000};
    const ByteVector unsolicited = make_tcp(e1p, external, syn, {}, {.sequence = 42});
    CHECK(bench.from_outside(unsolicited).action == Action::hold);
    CHECK(bench.wait(Duration(6s) - 1us).empty());
    const auto sent = bench.wait(1us);
    const auto error = error_in(sent);
    REQUIRE(error);
    CHECK(sent[0].side == Side::outside);
    CHECK(source_of(sent[0].packet).ip == nat_external);
    CHECK(destination_of(sent[0].packet).ip == outside_1);
    CHECK(error->type() == icmp_type::destination_unreachable);
    CHECK(error->code() == unreachable_code::port);
    CHECK(copy_of(error->payload()) == unsolicited);
    CHECK(bench.wait(60s).empty());
  }
}

TEST_CASE("nat: a retransmitted unsolicited SYN is answered once", "[nat][rfc5382-req4]") {
  Bench bench;
  const TransportAddress external{nat_external, 40000};
  CHECK(bench.tcp_in(e1p, external, syn).action == Action::hold);
  bench.wait(1s);
  CHECK(bench.tcp_in(e1p, external, syn).action == Action::drop);
  bench.wait(2s);
  CHECK(bench.tcp_in(e1p, external, syn).action == Action::drop);
  CHECK(bench.wait(60s).size() == 1);
}

TEST_CASE("nat: an outbound SYN in time makes the held one part of a simultaneous open",
          "[nat][rfc5382-req4][rfc5382-req2a]") {
  Bench bench(filtering(Behavior::address_and_port_dependent));
  const TransportAddress external{nat_external, 40000};
  CHECK(bench.tcp_in(e1p, external, syn).action == Action::hold);
  bench.wait(3s);
  const Outcome outbound = bench.tcp_out(inside, e1p, syn);
  REQUIRE(outbound.source() == external);
  CHECK(outbound.commands.empty());
  CHECK(bench.wait(60s).empty());
  CHECK(bench.nat.counters().syns_superseded == 1);
  CHECK(bench.tcp_in(e1p, external, syn).action == Action::send_inside);
}

TEST_CASE("nat: answers to unsolicited SYNs can be switched off", "[nat][rfc5382-req4a]") {
  Config config = default_config();
  config.unsolicited_syn = UnsolicitedSyn::silence;
  Bench bench(config);
  CHECK(bench.tcp_in(e1p, {nat_external, 40000}, syn).action == Action::drop);
  CHECK(bench.wait(60s).empty());
}

TEST_CASE("nat: held SYNs are limited", "[nat][rfc5382-req4]") {
  Config config = default_config();
  config.max_held_syns = 10;
  config.icmp_error_burst = 5;
  Bench bench(config);
  for (std::uint16_t port = 1000; port < 1020; ++port)
    bench.tcp_in({outside_1, port}, {nat_external, 40000}, syn);
  CHECK(bench.nat.counters().syns_held == 10);
  CHECK(bench.nat.counters().dropped_syn_limit == 10);
  CHECK(bench.wait(6s).size() == 5);
  CHECK(bench.tcp_in(e1p, {nat_external, 40000}, syn).action == Action::hold);
}

TEST_CASE("nat: inbound segments that open nothing are dropped in silence", "[nat][rfc5382-5]") {
  Bench bench;
  for (const std::uint8_t flags :
       {std::uint8_t{ack}, std::uint8_t{rst}, std::uint8_t{fin | ack}, std::uint8_t{syn | ack}})
    CHECK(bench.tcp_in(e1p, {nat_external, 40000}, flags).action == Action::drop);
  CHECK(bench.wait(60s).empty());
  CHECK(bench.nat.counters().dropped_no_mapping == 4);
}

TEST_CASE("nat: an outbound segment of no known connection makes no mapping", "[nat][rfc5382-5]") {
  Bench bench;
  for (const std::uint8_t flags : {std::uint8_t{ack}, std::uint8_t{rst}, std::uint8_t{fin | ack}})
    CHECK(bench.tcp_out(inside, e1p, flags).action == Action::drop);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.nat.counters().dropped_no_connection == 3);
}

TEST_CASE("nat: a RST in answer to a stranger goes out and keeps nothing alive",
          "[nat][rfc7857-7.1]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  CHECK(bench.tcp_in(e2p, external, syn).passed());
  const Outcome answer = bench.tcp_out(inside, e2p, rst | ack);
  CHECK(answer.source() == external);
  CHECK(bench.nat.session_count() == 1);
}

TEST_CASE("nat: no ICMP error ends a connection", "[nat][rfc5382-req10][rfc4787-req12]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  const ByteVector segment = make_tcp(external, e1p, ack, {}, {.sequence = 1000});
  for (const std::uint8_t type : {3, 4, 5, 11, 12})
    for (std::uint8_t code = 0; code < 16; ++code)
      CHECK(bench.from_outside(make_icmp_error(router, nat_external, type, code, 0, segment))
                .passed());
  CHECK(state_of(bench) == TcpState::established);
  bench.wait(7439s);
  CHECK(bench.tcp_in(e1p, external, ack).passed());
}

TEST_CASE("tcp tracking: each edge of the state machine", "[nat][rfc7857-2][rfc5382-req5]") {
  Bench bench;
  const TransportAddress external = bench.tcp_out(inside, e1p, syn).source();
  CHECK(state_of(bench) == TcpState::opening);
  bench.tcp_in(e1p, external, syn | ack);
  CHECK(state_of(bench) == TcpState::opening);
  bench.tcp_out(inside, e1p, ack);
  CHECK(state_of(bench) == TcpState::established);

  SECTION("the inside closes first") {
    bench.tcp_out(inside, e1p, fin | ack);
    CHECK(state_of(bench) == TcpState::inside_fin);
    bench.tcp_in(e1p, external, fin | ack);
    CHECK(state_of(bench) == TcpState::closing);
    bench.tcp_out(inside, e1p, ack);
    CHECK(state_of(bench) == TcpState::closing);
    bench.tcp_out(inside, e1p, syn);
    CHECK(state_of(bench) == TcpState::opening);
  }
  SECTION("the outside closes first") {
    bench.tcp_in(e1p, external, fin | ack);
    CHECK(state_of(bench) == TcpState::outside_fin);
    bench.tcp_out(inside, e1p, fin | ack);
    CHECK(state_of(bench) == TcpState::closing);
  }
  SECTION("a reset, and a packet after it") {
    bench.tcp_out(inside, e1p, rst);
    CHECK(state_of(bench) == TcpState::reset);
    bench.tcp_in(e1p, external, ack);
    CHECK(state_of(bench) == TcpState::established);
  }
}

TEST_CASE("tcp tracking: a window is scaled as the SYN said", "[nat][rfc7857-2.2]") {
  const ByteVector scale{3, 3, 7, 0};
  TcpTracking tracking;
  const auto pass = [&](Side from, std::uint8_t flags, TcpFields fields) {
    const ByteVector packet = make_tcp(inside, e1p, flags, {}, fields);
    tracking.track(from, *TcpView::parse(Ipv4View::parse(packet)->payload()));
  };
  pass(Side::inside, syn, {.sequence = 1, .options = scale});
  pass(Side::outside, syn | ack, {.sequence = 1, .acknowledgment = 2, .options = scale});
  pass(Side::inside, ack, {.sequence = 2, .acknowledgment = 2, .window = 1000});
  pass(Side::outside, rst, {.sequence = 2 + 1000 * 128 + 1});
  CHECK(tracking.state() == TcpState::established);
  pass(Side::outside, rst, {.sequence = 2 + 1000 * 128});
  CHECK(tracking.state() == TcpState::reset);
}

}  // namespace stile::nat::test
