#include "nat/ipv6/firewall.hpp"

#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const TransportAddress host = at("[2001:db8:1::10]:4000");
const TransportAddress server = at("[2001:db8:9::1]:7000");
const TransportAddress server_other_port = at("[2001:db8:9::1]:7001");
const TransportAddress stranger = at("[2001:db8:9::2]:7000");

FirewallConfig default_config() {
  FirewallConfig config{*IpPrefix::parse("2001:db8:1::/48"), ip("2001:db8:1::1"),
                        ip("2001:db8:ffff::1")};
  return config;
}

class Bench {
 public:
  explicit Bench(FirewallConfig config = default_config()) : firewall(std::move(config)) {}

  bool passes(Side from, ByteVector packet) {
    const ByteVector before = packet;
    const Verdict verdict = firewall.handle_packet(now, from, packet);
    commands = take_commands(firewall);
    if (verdict.action == Action::drop) return false;
    CHECK(verdict.action == (from == Side::inside ? Action::send_outside : Action::send_inside));
    CHECK(is_right(verdict.packet));
    CHECK(verdict.packet[7] == before[7] - 1);
    return true;
  }
  bool udp_out(const TransportAddress& from, const TransportAddress& to) {
    return passes(Side::inside, make_udp6(from, to, as_bytes("out")));
  }
  bool udp_in(const TransportAddress& from, const TransportAddress& to) {
    return passes(Side::outside, make_udp6(from, to, as_bytes("in")));
  }
  void wait(Duration time) {
    now += time;
    firewall.handle_timeout(now);
  }

  Firewall firewall;
  Instant now{1h};
  std::vector<Command> commands;
};

}  // namespace

TEST_CASE("firewall: what is asked for comes in, by the filter", "[nat][rfc4787-5]") {
  const auto admitted = [](Behavior filtering) {
    FirewallConfig config = default_config();
    config.filtering = filtering;
    Bench bench(config);
    CHECK_FALSE(bench.udp_in(server, host));
    CHECK(bench.udp_out(host, server));
    CHECK(bench.udp_in(server, host));
    CHECK_FALSE(bench.udp_in(server, {host.ip, 4001}));
    return std::pair(bench.udp_in(server_other_port, host), bench.udp_in(stranger, host));
  };
  CHECK(admitted(Behavior::endpoint_independent) == std::pair(true, true));
  CHECK(admitted(Behavior::address_dependent) == std::pair(true, false));
  CHECK(admitted(Behavior::address_and_port_dependent) == std::pair(false, false));
}

TEST_CASE("firewall: sessions end in the times of a NAT's", "[nat][rfc4787-4.3][rfc5382-5]") {
  Bench bench;
  CHECK(bench.udp_out(host, server));
  bench.wait(299s);
  CHECK(bench.udp_in(server, host));
  bench.wait(301s);
  CHECK_FALSE(bench.udp_in(server, host));
  CHECK(bench.firewall.session_count() == 0);
  CHECK(bench.firewall.poll_timeout() == never);
  CHECK(bench.passes(Side::inside, make_echo6(host.ip, server.ip, 128, 7)));
  bench.wait(59s);
  CHECK(bench.passes(Side::outside, make_echo6(server.ip, host.ip, 129, 7)));
  bench.wait(61s);
  CHECK_FALSE(bench.passes(Side::outside, make_echo6(server.ip, host.ip, 129, 7)));
}

TEST_CASE("firewall: TCP begins inside, or at a pinhole", "[nat][rfc5382-4.3]") {
  FirewallConfig config = default_config();
  config.pinholes = {{Protocol::tcp, {host.ip, 80}}};
  Bench bench(config);
  CHECK_FALSE(bench.passes(Side::outside, make_tcp6(server, host, tcp_flag::syn)));
  CHECK_FALSE(bench.passes(Side::inside, make_tcp6(host, server, tcp_flag::ack)));
  CHECK(bench.passes(Side::inside, make_tcp6(host, server, tcp_flag::syn, 9)));
  CHECK(bench.passes(Side::outside, make_tcp6(server, host, tcp_flag::syn | tcp_flag::ack, 5, 10)));
  CHECK(bench.passes(Side::inside, make_tcp6(host, server, tcp_flag::ack, 10, 6)));
  bench.wait(7439s);
  CHECK(bench.passes(Side::outside, make_tcp6(server, host, tcp_flag::ack, 6, 10)));
  CHECK(bench.passes(Side::outside, make_tcp6(stranger, {host.ip, 80}, tcp_flag::syn)));
  CHECK_FALSE(bench.passes(Side::outside, make_udp6(stranger, {host.ip, 80}, {})));
}

TEST_CASE("firewall: ICMPv6 errors pass if what they quote had passed", "[nat][rfc5508-4.2]") {
  Bench bench;
  const ByteVector sent = make_udp6(host, server, payload_of(40));
  const ByteVector error = make_icmpv6_error(ip("2001:db8:8::fe"), host.ip,
                                             {icmpv6_type::packet_too_big, 0, 1400}, sent);
  CHECK_FALSE(bench.passes(Side::outside, error));
  CHECK(bench.passes(Side::inside, sent));
  CHECK(bench.passes(Side::outside, error));
  ByteVector damaged = error;
  damaged.back() ^= 1;
  CHECK_FALSE(bench.passes(Side::outside, damaged));
  const ByteVector received = make_udp6(server, host, payload_of(40));
  CHECK(bench.passes(Side::inside, make_icmpv6_error(host.ip, server.ip, {1, 4, 0}, received)));
  CHECK(bench.firewall.counters().dropped_unmatched_error == 1);
}

TEST_CASE("firewall: pings come in only as answers", "[nat][rfc5508-3]") {
  Bench bench;
  CHECK_FALSE(bench.passes(Side::outside, make_echo6(server.ip, host.ip, 128, 7)));
  CHECK(bench.passes(Side::inside, make_echo6(host.ip, server.ip, 128, 7)));
  CHECK(bench.passes(Side::outside, make_echo6(server.ip, host.ip, 129, 7)));
  CHECK_FALSE(bench.passes(Side::outside, make_echo6(server.ip, host.ip, 129, 8)));
}

TEST_CASE("firewall: other protocols are told apart by addresses", "[nat][rfc4303-2]") {
  Bench bench;
  const auto esp = [](const IpAddress& from, const IpAddress& to) {
    return make_ipv6({from, to, ip_protocol::esp, 64, 0, std::nullopt}, payload_of(32));
  };
  CHECK_FALSE(bench.passes(Side::outside, esp(server.ip, host.ip)));
  CHECK(bench.passes(Side::inside, esp(host.ip, server.ip)));
  CHECK(bench.passes(Side::outside, esp(server.ip, host.ip)));
  CHECK_FALSE(bench.passes(Side::outside, esp(stranger.ip, host.ip)));
}

TEST_CASE("firewall: later fragments come in for hosts that have a session", "[nat][rfc8200-4.5]") {
  Bench bench;
  const ByteVector in = make_udp6(server, host, payload_of(200));
  CHECK_FALSE(bench.passes(Side::outside, fragment6(in, 104, 200)));
  CHECK(bench.udp_out(host, server));
  CHECK(bench.passes(Side::outside, fragment6(in, 0, 104)));
  CHECK(bench.passes(Side::outside, fragment6(in, 104, 200)));
}

TEST_CASE("firewall: spoofed and misdirected packets do not pass", "[nat]") {
  Bench bench;
  CHECK_FALSE(bench.udp_out(stranger, server));
  CHECK_FALSE(bench.udp_in(host, host));
  CHECK_FALSE(bench.udp_in(server, stranger));
  CHECK_FALSE(bench.udp_out(host, {host.ip, 9}));
  CHECK_FALSE(bench.udp_out(at("[fe80::1]:1"), server));
  CHECK(bench.firewall.counters().dropped_not_for_us == 5);
}

TEST_CASE("firewall: hop limits, sizes and its own table are minded",
          "[nat][rfc4443-3.2][rfc4443-3.3]") {
  FirewallConfig config = default_config();
  config.outside_mtu = 1280;
  config.max_sessions = 1;
  Bench bench(config);
  CHECK_FALSE(bench.passes(Side::inside, make_udp6(host, server, {}, 1)));
  REQUIRE(bench.commands.size() == 1);
  CHECK(icmp_of(bench.commands[0].packet) == "3/0");
  CHECK_FALSE(bench.passes(Side::inside, make_udp6(host, server, payload_of(1400))));
  REQUIRE(bench.commands.size() == 1);
  CHECK(icmp_of(bench.commands[0].packet) == "2/0");
  CHECK_FALSE(bench.udp_out({host.ip, 4001}, server));
  CHECK(bench.firewall.counters().refused_session_limit == 1);
  CHECK(bench.udp_out(host, server));
}

TEST_CASE("firewall: a packet cut short anywhere does not pass, or passes whole", "[nat]") {
  Bench bench;
  for (const ByteVector& whole :
       {make_tcp6(host, server, tcp_flag::syn), make_udp6(host, server, payload_of(9)),
        make_icmpv6_error(host.ip, server.ip, {1, 4, 0}, make_udp6(server, host, {}))}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(bench.firewall.handle_packet(bench.now, Side::inside, cut).action == Action::drop);
      if (size < 40) continue;
      store_u16(cut.data() + 4, static_cast<std::uint16_t>(size - 40));
      static_cast<void>(bench.firewall.handle_packet(bench.now, Side::inside, cut));
      static_cast<void>(bench.firewall.handle_packet(bench.now, Side::outside, cut));
    }
  }
}

TEST_CASE("firewall: a configuration that cannot work is refused", "[nat]") {
  FirewallConfig config = default_config();
  config.pinholes = {{Protocol::tcp, server}};
  CHECK(problem_with(config) == "pinhole [2001:db8:9::1]:7000 is not inside");
  config = default_config();
  config.outside_address = {};
  CHECK(problem_with(config));
  CHECK_THROWS_AS(Firewall(config), std::invalid_argument);
}

TEST_CASE("firewall: a session is taken up by the next one, with the time that it has left",
          "[nat]") {
  Bench before;
  before.udp_out(host, server);
  before.wait(100s);
  Bench after;
  before.firewall.for_each_session(before.now, [&](const SessionInfo& session) {
    CHECK(after.firewall.restore(after.now, session));
    CHECK_FALSE(after.firewall.restore(after.now, session));
  });
  CHECK(after.firewall.session_count() == 1);
  after.wait(199s);
  CHECK(after.udp_in(server, host));
  CHECK_FALSE(after.udp_in(stranger, {host.ip, 4001}));
  SessionInfo elsewhere;
  elsewhere.inside = server;
  elsewhere.remote = stranger;
  elsewhere.time_left = 10s;
  CHECK_FALSE(after.firewall.restore(after.now, elsewhere));
}

TEST_CASE("firewall: a timer that is changed as it runs counts from the next packet", "[nat]") {
  Bench bench;
  FirewallConfig wanted = default_config();
  wanted.udp_timeout = 20s;
  bench.udp_out(host, server);
  bench.firewall.reconfigure(wanted);
  bench.wait(30s);
  CHECK(bench.udp_out(host, server));
  bench.wait(21s);
  CHECK_FALSE(bench.udp_in(server, host));
}
