#include "tests/unit/nat/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const TransportAddress host = at("192.168.1.10:4000");
const TransportAddress server = at("198.51.100.1:7000");

}  // namespace

TEST_CASE("nat: ports can be blocked, or all but some", "[nat]") {
  Config config = default_config();
  config.blocked = {{Protocol::udp, 3478, 3479}, {Protocol::icmp}};
  Bench blocking(config);
  CHECK(blocking.udp_out(host, at("198.51.100.1:3478")).action == Action::drop);
  CHECK(blocking.udp_out(host, at("198.51.100.1:3480")).passed());
  CHECK(blocking.tcp_out(host, at("198.51.100.1:3478"), tcp_flag::syn).passed());
  CHECK_FALSE(blocking.echo_out(inside_1, outside_1, 7).passed());
  CHECK(blocking.nat.counters().dropped_policy == 2);

  config.blocked = {};
  config.only = {{Protocol::tcp, 443, 443}};
  Bench strict(config);
  CHECK(strict.tcp_out(host, at("198.51.100.1:443"), tcp_flag::syn).passed());
  CHECK_FALSE(strict.tcp_out(host, at("198.51.100.1:80"), tcp_flag::syn).passed());
  CHECK_FALSE(strict.udp_out(host, at("198.51.100.1:443")).passed());
  CHECK(strict.nat.mapping_count() == 1);
}

TEST_CASE("nat: an unsolicited SYN can be answered with a RST at once", "[nat][rfc5382-req4]") {
  Config config = default_config();
  config.unsolicited_syn = UnsolicitedSyn::reset;
  Bench bench(config);
  const Outcome outcome =
      bench.tcp_in(server, {nat_external, 4000}, tcp_flag::syn, {.sequence = 99});
  CHECK(outcome.action == Action::drop);
  REQUIRE(outcome.commands.size() == 1);
  CHECK(outcome.commands[0].side == Side::outside);
  CHECK(source_of(outcome.commands[0].packet) == TransportAddress{nat_external, 4000});
  CHECK(destination_of(outcome.commands[0].packet) == server);
  const auto view = *Ipv4View::parse(outcome.commands[0].packet);
  const auto reset = *TcpView::parse(view.payload());
  CHECK(reset.has(tcp_flag::rst));
  CHECK(reset.acknowledgment() == 100);
  CHECK(bench.wait(7s).empty());
}

TEST_CASE("nat: ICMP errors can be lost, or end what they are about", "[nat][rfc4787-req12]") {
  const auto error_about = [](Bench& bench, const TransportAddress& seen) {
    const ByteVector sent = make_udp(seen, server, as_bytes("x"));
    return bench.from_outside(make_icmp_error(
        router, nat_external, icmp_type::destination_unreachable, unreachable_code::port, 0, sent));
  };
  Config config = default_config();
  config.icmp_errors = IcmpErrors::drop;
  Bench losing(config);
  CHECK_FALSE(error_about(losing, losing.seen(host, server)).passed());
  CHECK(losing.nat.mapping_count() == 1);

  config.icmp_errors = IcmpErrors::end_session;
  Bench ending(config);
  CHECK(error_about(ending, ending.seen(host, server)).passed());
  CHECK(ending.nat.mapping_count() == 0);
}

TEST_CASE("nat: fragments can be taken in order only, or not at all", "[nat][rfc4787-req14]") {
  const ByteVector whole = make_udp(host, server, payload_of(64), {.identification = 9});
  const Bytes payload = Ipv4View::parse(whole)->payload();
  const auto piece = [&](std::size_t from, std::size_t length, bool more) {
    ByteVector made = make_ipv4(host.ip, server.ip, ip_protocol::udp, payload.subspan(from, length),
                                {.identification = 9});
    Ipv4Packet::parse(made)->set_fragment(from, more);
    return made;
  };
  Config config = default_config();
  config.fragments = Fragments::in_order;
  Bench in_order(config);
  CHECK(in_order.from_inside(piece(32, 40, false)).action == Action::drop);
  CHECK(in_order.from_inside(piece(0, 32, true)).passed());
  CHECK(in_order.from_inside(piece(32, 40, false)).passed());

  config.fragments = Fragments::drop_all;
  Bench none(config);
  CHECK(none.from_inside(piece(0, 32, true)).action == Action::drop);
  CHECK(none.nat.counters().dropped_policy == 1);
  CHECK(none.udp_out(host, server).passed());
}

TEST_CASE("nat: a full table can end the oldest session, as some do", "[nat][rfc6888-req11d]") {
  Config config = default_config();
  config.max_sessions = 3;
  config.evict_oldest = true;
  Bench bench(config);
  for (std::uint16_t port = 1; port <= 3; ++port) {
    bench.seen({inside_1, port}, server);
    bench.wait(1s);
  }
  bench.seen({inside_1, 1}, server);  // refreshed: the second is the oldest now
  bench.wait(1s);
  bench.seen({inside_1, 4}, server);
  CHECK(bench.nat.session_count() == 3);
  CHECK(bench.nat.counters().sessions_evicted == 1);
  CHECK(bench.delivered(server, {nat_external, 1}));
  CHECK_FALSE(bench.delivered(server, {nat_external, 2}));
  REQUIRE(bench.events.size() >= 2);
  const auto* ended = std::get_if<MappingEnded>(&bench.events[bench.events.size() - 2]);
  REQUIRE(ended != nullptr);
  CHECK(name_of(ended->reason) == "evicted");
}

TEST_CASE("nat: mappings can be lost again and again", "[nat]") {
  Config config = default_config();
  config.ports = PortAssignment::random;
  config.rebind_every = 30s;
  Bench bench(config);
  const TransportAddress before = bench.seen(host, server);
  bench.wait(29s);
  CHECK(bench.delivered(server, before));
  bench.wait(2s);
  CHECK_FALSE(bench.delivered(server, before));
  CHECK(bench.seen(host, server) != before);
}

TEST_CASE("nat: UDP that nobody answered may be forgotten sooner", "[nat][rfc4787-4.3]") {
  Config config = default_config();
  config.refresh = Refresh::both;
  config.udp_timeout = 120s;
  config.udp_unanswered_timeout = 30s;
  Bench bench(config);
  bench.seen(host, server);
  bench.wait(31s);
  CHECK(bench.nat.session_count() == 0);
  const TransportAddress seen = bench.seen(host, server);
  CHECK(bench.delivered(server, seen));
  bench.wait(119s);
  CHECK(bench.delivered(server, seen));
}

TEST_CASE("nat: sequential ports may be some apart", "[nat][rfc4787-4.2.3]") {
  Config config = default_config();
  config.ports = PortAssignment::sequential;
  config.parity = false;
  config.sequential_step = 4;
  config.mapping = Behavior::address_and_port_dependent;
  Bench bench(config);
  const std::uint16_t first = bench.seen(host, server).port;
  CHECK(bench.seen(host, at("198.51.100.1:7001")).port == first + 4);
  CHECK(bench.seen(host, at("198.51.100.1:7002")).port == first + 8);
}

TEST_CASE("nat: overloaded ports serve several flows to different destinations",
          "[nat][rfc7857-3]") {
  Config config = default_config();
  config.ports = PortAssignment::overload;
  config.mapping = config.filtering = Behavior::address_and_port_dependent;
  Bench bench(config);
  const TransportAddress other_host = at("192.168.1.11:4000");
  const TransportAddress other_server = at("198.51.100.2:7000");
  CHECK(bench.seen(host, server).port == 4000);
  CHECK(bench.seen(host, other_server).port == 4000);
  CHECK(bench.seen(other_host, at("198.51.100.2:7001")).port == 4000);
  const TransportAddress clash = bench.seen(other_host, server);
  CHECK(clash.port != 4000);

  CHECK(bench.udp_in(server, {nat_external, 4000}).destination() == host);
  CHECK(bench.udp_in(other_server, {nat_external, 4000}).destination() == host);
  CHECK(bench.udp_in(at("198.51.100.2:7001"), {nat_external, 4000}).destination() == other_host);
  CHECK(bench.udp_in(server, clash).destination() == other_host);
  CHECK_FALSE(bench.delivered(at("198.51.100.2:7002"), {nat_external, 4000}));
  bench.wait(301s);
  CHECK(bench.nat.mapping_count() == 0);
  CHECK(bench.seen(other_host, server).port == 4000);
}

TEST_CASE("nat: overloaded ports leave forwarded ones alone", "[nat][rfc7857-3]") {
  Config config = default_config();
  config.ports = PortAssignment::overload;
  config.mapping = config.filtering = Behavior::address_and_port_dependent;
  config.forwards = {{Protocol::udp, std::nullopt, 4000, 1, at("192.168.1.11:9")}};
  Bench bench(config);
  CHECK(bench.seen(host, server).port != 4000);
  CHECK(bench.udp_in(server, {nat_external, 4000}).destination() == at("192.168.1.11:9"));
}
