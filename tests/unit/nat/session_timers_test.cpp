#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress e2p{outside_2, 7000};
const TransportAddress inside{inside_1, 40000};

}  // namespace

TEST_CASE("nat: a UDP mapping lives five minutes, to the second",
          "[nat][rfc4787-req5][rfc4787-req5c]") {
  for (const auto& [delay, alive] :
       std::initializer_list<std::pair<Duration, bool>>{{119s, true},
                                                        {299s, true},
                                                        {Duration(300s) - 1us, true},
                                                        {300s, false},
                                                        {301s, false}}) {
    Bench bench;
    const TransportAddress external = bench.seen(inside, e1p);
    bench.wait(delay);
    CHECK(bench.delivered(e1p, external) == alive);
  }
}

TEST_CASE("nat: the UDP timeout can be configured", "[nat][rfc4787-req5b]") {
  Config config = default_config();
  config.udp_timeout = 120s;
  Bench bench(config);
  const TransportAddress external = bench.seen(inside, e1p);
  bench.wait(119s);
  CHECK(bench.delivered(e1p, external));
  bench.wait(1s);
  CHECK_FALSE(bench.delivered(e1p, external));
}

TEST_CASE("nat: a session is over in time even if no timeout was handled", "[nat][rfc4787-req5]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  bench.now += 300s;
  CHECK_FALSE(bench.delivered(e1p, external));
}

TEST_CASE("nat: outbound packets refresh a UDP mapping", "[nat][rfc4787-req6]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  for (int i = 0; i < 3; ++i) {
    bench.wait(290s);
    CHECK(bench.seen(inside, e1p) == external);
  }
  bench.wait(299s);
  CHECK(bench.delivered(e1p, external));
}

TEST_CASE("nat: inbound packets refresh a UDP mapping only if configured", "[nat][rfc4787-req6a]") {
  for (const bool inbound_refresh : {false, true}) {
    Config config = default_config();
    config.refresh = inbound_refresh ? Refresh::both : Refresh::outbound;
    Bench bench(config);
    const TransportAddress external = bench.seen(inside, e1p);
    bench.wait(200s);
    CHECK(bench.delivered(e1p, external));
    bench.wait(200s);
    CHECK(bench.delivered(e1p, external) == inbound_refresh);
    bench.wait(200s);
    CHECK(bench.delivered(e2p, external) == inbound_refresh);
    bench.wait(299s);
    CHECK(bench.delivered(e1p, external) == inbound_refresh);
    bench.wait(301s);
    CHECK(bench.nat.mapping_count() == 0);
  }
}

TEST_CASE("nat: a packet that the filter refuses does not refresh", "[nat][rfc7857-7]") {
  Config config = default_config();
  config.filtering = Behavior::address_dependent;
  config.refresh = Refresh::both;
  Bench bench(config);
  const TransportAddress external = bench.seen(inside, e1p);
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(bench.delivered(e2p, external));
    bench.wait(60s);
  }
  CHECK_FALSE(bench.delivered(e1p, external));
}

TEST_CASE("nat: filters age apart from each other while the mapping lives", "[nat][rfc4787-4.3]") {
  Config config = default_config();
  config.filtering = Behavior::address_dependent;
  Bench bench(config);
  const TransportAddress external = bench.seen(inside, e1p);
  bench.seen(inside, e2p);
  bench.wait(200s);
  CHECK(bench.seen(inside, e1p) == external);
  bench.wait(100s);
  CHECK(bench.delivered(e1p, external));
  CHECK_FALSE(bench.delivered(e2p, external));
  CHECK(bench.nat.counters().dropped_filtered == 1);
}

TEST_CASE("nat: ICMP errors that go out in answer do not refresh", "[nat][rfc7857-7.1]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  for (int i = 0; i < 5; ++i) {
    const Outcome probe = bench.udp_in(e2p, external);
    REQUIRE(probe.passed());
    CHECK(bench.from_inside(make_icmp_error(inside_1, outside_2, 3, 3, 0, probe.packet)).passed());
    bench.wait(60s);
  }
  CHECK_FALSE(bench.delivered(e1p, external));
}

TEST_CASE("nat: ICMP query sessions live sixty seconds", "[nat][rfc5508-req2]") {
  for (const auto& [delay, alive] :
       std::initializer_list<std::pair<Duration, bool>>{{59s, true}, {60s, false}}) {
    Bench bench;
    const std::uint16_t identifier = bench.echo_out(inside_1, outside_1, 7).icmp().identifier();
    bench.wait(delay);
    CHECK(bench.echo_reply_in(outside_1, nat_external, identifier).passed() == alive);
  }
}

TEST_CASE("nat: the ICMP timeout can be configured", "[nat][rfc5508-req2a]") {
  Config config = default_config();
  config.icmp_timeout = 90s;
  Bench bench(config);
  bench.echo_out(inside_1, outside_1, 7);
  bench.wait(89s);
  CHECK(bench.echo_reply_in(outside_1, nat_external, 7).passed());
}

TEST_CASE("nat: an established connection may be idle for two hours and four minutes",
          "[nat][rfc5382-req5]") {
  for (const auto& [delay, alive] :
       std::initializer_list<std::pair<Duration, bool>>{{7439s, true}, {7440s, false}}) {
    Bench bench;
    const TransportAddress external = bench.connect(inside, e1p);
    bench.wait(delay);
    CHECK(bench.tcp_in(e1p, external, tcp_flag::ack).passed() == alive);
    CHECK(bench.tcp_out(inside, e1p, tcp_flag::ack).passed() == alive);
  }
}

TEST_CASE("nat: a half closed connection counts as established", "[nat][rfc5382-req5]") {
  for (const bool inside_closes : {true, false}) {
    Bench bench;
    const TransportAddress external = bench.connect(inside, e1p);
    if (inside_closes)
      bench.tcp_out(inside, e1p, tcp_flag::fin | tcp_flag::ack);
    else
      bench.tcp_in(e1p, external, tcp_flag::fin | tcp_flag::ack);
    bench.wait(7439s);
    CHECK(bench.tcp_in(e1p, external, tcp_flag::ack).passed());
  }
}

TEST_CASE("nat: opening and closing connections may be idle for four minutes",
          "[nat][rfc5382-req5]") {
  for (const auto& [delay, alive] :
       std::initializer_list<std::pair<Duration, bool>>{{239s, true}, {240s, false}}) {
    Bench opening;
    const TransportAddress external = opening.tcp_out(inside, e1p, tcp_flag::syn).source();
    opening.wait(delay);
    CHECK(opening.tcp_in(e1p, external, tcp_flag::syn | tcp_flag::ack).passed() == alive);

    Bench closing;
    closing.connect(inside, e1p);
    closing.tcp_out(inside, e1p, tcp_flag::fin | tcp_flag::ack);
    closing.tcp_in(e1p, external, tcp_flag::fin | tcp_flag::ack);
    closing.wait(delay);
    CHECK(closing.tcp_in(e1p, external, tcp_flag::fin | tcp_flag::ack).passed() == alive);
  }
}

TEST_CASE("nat: the TCP timeouts can be configured", "[nat][rfc5382-req5a]") {
  Config config = default_config();
  config.tcp_established_timeout = 3h;
  config.tcp_opening_timeout = config.tcp_closing_timeout = 10min;
  Bench bench(config);
  const TransportAddress external = bench.connect(inside, e1p);
  bench.tcp_out({inside_2, 40002}, e1p, tcp_flag::syn);
  bench.wait(599s);
  CHECK(bench.nat.session_count() == 2);
  bench.wait(1s);
  CHECK(bench.nat.session_count() == 1);
  bench.wait(3h - 601s);
  CHECK(bench.tcp_in(e1p, external, tcp_flag::ack).passed());
}

TEST_CASE("nat: after a RST the session waits four minutes, and a packet revives it",
          "[nat][rfc7857-2.2]") {
  for (const bool revived : {true, false}) {
    Bench bench;
    const TransportAddress external = bench.connect(inside, e1p);
    CHECK(bench.tcp_in(e1p, external, tcp_flag::rst, {.sequence = 5000}).passed());
    bench.wait(239s);
    if (revived) CHECK(bench.tcp_in(e1p, external, tcp_flag::ack, {.sequence = 5000}).passed());
    bench.wait(2s);
    CHECK(bench.nat.session_count() == (revived ? 1u : 0u));
    bench.wait(7400s);
    CHECK(bench.nat.session_count() == (revived ? 1u : 0u));
  }
}

TEST_CASE("nat: a RST that its receiver would not accept changes nothing", "[nat][rfc7857-2.2]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  CHECK(bench.tcp_in(e1p, external, tcp_flag::rst, {.sequence = 5000 + 70000}).passed());
  bench.wait(7439s);
  CHECK(bench.tcp_in(e1p, external, tcp_flag::ack).passed());
}

TEST_CASE("nat: RSTs do not prolong a session", "[nat][rfc7857-7.1]") {
  Bench bench;
  bench.tcp_out(inside, e1p, tcp_flag::syn);
  for (int i = 0; i < 4; ++i) {
    bench.wait(60s);
    bench.tcp_out(inside, e1p, tcp_flag::rst);
  }
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("nat: a session shows its time, its state and its traffic", "[nat]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  bench.wait(40s);
  std::vector<SessionInfo> sessions;
  bench.nat.for_each_session(bench.now, [&](const SessionInfo& info) { sessions.push_back(info); });
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].protocol == Protocol::tcp);
  CHECK(sessions[0].inside == inside);
  CHECK(sessions[0].external == external);
  CHECK(sessions[0].remote == e1p);
  CHECK(sessions[0].tcp_state == TcpState::established);
  CHECK(sessions[0].time_left == 7400s);
  CHECK(sessions[0].outbound.packets == 2);
  CHECK(sessions[0].outbound.bytes == 80);
  CHECK(sessions[0].inbound.packets == 1);
}

TEST_CASE("nat: time that goes backwards stands still", "[nat]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  bench.now -= 30min;
  CHECK(bench.seen(inside, e1p) == external);
  CHECK(bench.nat.poll_timeout() == Instant(1h + 300s));
}

TEST_CASE("nat: nothing is waited for when nothing is known", "[nat]") {
  Bench bench;
  CHECK(bench.nat.poll_timeout() == never);
  bench.seen(inside, e1p);
  bench.wait(300s);
  CHECK(bench.nat.poll_timeout() == bench.now + 120s);  // its port is held
  bench.wait(120s);
  CHECK(bench.nat.poll_timeout() == never);
}

TEST_CASE("nat: only inbound packets refresh, if that is asked for", "[nat][rfc4787-4.3]") {
  Config config = default_config();
  config.refresh = Refresh::inbound;
  Bench bench(config);
  const TransportAddress external = bench.seen(inside, e1p);
  bench.wait(200s);
  bench.seen(inside, e1p);
  bench.wait(99s);
  CHECK(bench.delivered(e1p, external));
  bench.wait(299s);
  CHECK(bench.delivered(e1p, external));
  bench.wait(200s);
  bench.seen(inside, e1p);
  bench.wait(100s);
  CHECK_FALSE(bench.delivered(e1p, external));
}

TEST_CASE("nat: UDP towards a well-known port may be forgotten sooner", "[nat][rfc4787-req5a]") {
  Config config = default_config();
  config.udp_port_timeouts = {{53, 10s}};
  Bench bench(config);
  const TransportAddress dns{outside_1, 53};
  const TransportAddress short_lived = bench.seen({inside_1, 5000}, dns);
  const TransportAddress usual = bench.seen({inside_1, 5001}, e1p);
  bench.wait(10s);
  CHECK_FALSE(bench.delivered(dns, short_lived));
  CHECK(bench.delivered(e1p, usual));
}

TEST_CASE("nat: opening and closing have timers of their own", "[nat][rfc7857-2.1]") {
  Config config = default_config();
  config.tcp_opening_timeout = 30s;
  config.tcp_closing_timeout = 60s;
  Bench bench(config);
  bench.tcp_out({inside_2, 4000}, e1p, tcp_flag::syn);
  const TransportAddress external = bench.connect(inside, e1p);
  bench.tcp_out(inside, e1p, tcp_flag::fin | tcp_flag::ack);
  bench.tcp_in(e1p, external, tcp_flag::fin | tcp_flag::ack);
  bench.wait(29s);
  CHECK(bench.nat.session_count() == 2);
  bench.wait(1s);
  CHECK(bench.nat.session_count() == 1);
  bench.wait(30s);
  CHECK(bench.nat.session_count() == 0);
}

}  // namespace stile::nat::test
