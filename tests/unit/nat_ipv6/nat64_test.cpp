#include "nat/ipv6/nat64.hpp"

#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const IpAddress own = ip("2001:db8::1");
const IpAddress pool = ip("203.0.113.5");
const TransportAddress host = at("[2001:db8:1::10]:4000");
const TransportAddress other_host = at("[2001:db8:1::11]:4000");
const TransportAddress server = at("198.51.100.1:7000");
const TransportAddress server6 = at("[2001:db8:64::198.51.100.1]:7000");
const TransportAddress stranger = at("198.51.100.2:7000");

Nat64Config default_config() {
  Nat64Config config;
  config.nat.external = {pool};
  config.prefix = *Prefix64::parse("2001:db8:64::/96");
  config.address = own;
  return config;
}

class Bench {
 public:
  explicit Bench(Nat64Config config = default_config()) : nat64(std::move(config), random) {}

  std::vector<Command> from_inside(const ByteVector& packet) {
    nat64.handle_ipv6_packet(now, packet);
    return take_commands(nat64);
  }
  std::vector<Command> from_outside(ByteVector packet) {
    nat64.handle_ipv4_packet(now, packet);
    return take_commands(nat64);
  }
  std::vector<Command> wait(Duration duration) {
    const Instant end = now + duration;
    std::vector<Command> sent;
    while (nat64.poll_timeout() <= end) {
      now = std::max(now, nat64.poll_timeout());
      nat64.handle_timeout(now);
      for (Command& command : take_commands(nat64)) sent.push_back(std::move(command));
    }
    now = end;
    return sent;
  }
  /// The endpoint that the server sees.
  TransportAddress seen(const TransportAddress& from, const TransportAddress& to = server6) {
    const auto sent = from_inside(make_udp6(from, to, as_bytes("out")));
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].side == Side::outside);
    return source_of(sent[0].packet);
  }
  bool delivered(const TransportAddress& from, const TransportAddress& to) {
    const auto sent = from_outside(make_udp(from, to, as_bytes("in")));
    return sent.size() == 1 && sent[0].side == Side::inside;
  }

  SeededRandom random{1};
  Nat64 nat64;
  Instant now{1h};
};

}  // namespace

TEST_CASE("nat64: a datagram out and its answer back", "[nat][rfc6146-3.5.1]") {
  Bench bench;
  const auto out = bench.from_inside(make_udp6(host, server6, as_bytes("hello")));
  REQUIRE(out.size() == 1);
  CHECK(out[0].side == Side::outside);
  CHECK(source_of(out[0].packet) == TransportAddress{pool, 4000});
  CHECK(destination_of(out[0].packet) == server);
  CHECK(Ipv4View::parse(out[0].packet)->ttl() == 63);
  const auto back = bench.from_outside(make_udp(server, {pool, 4000}, as_bytes("answer")));
  REQUIRE(back.size() == 1);
  CHECK(back[0].side == Side::inside);
  CHECK(source_of(back[0].packet) == server6);
  CHECK(destination_of(back[0].packet) == host);
  CHECK(as_text(transport_of(back[0].packet).subspan(8)) == "answer");
}

TEST_CASE("nat64: mapping is endpoint-independent, filtering as configured",
          "[nat][rfc6146-1.2.1][rfc6146-3.1]") {
  Bench open;
  const TransportAddress seen = open.seen(host);
  CHECK(open.seen(host, at("[2001:db8:64::198.51.100.2]:9")) == seen);
  CHECK(open.seen(other_host) != seen);
  CHECK(open.delivered(at("198.51.100.77:1"), seen));

  Nat64Config config = default_config();
  config.nat.filtering = Behavior::address_dependent;
  Bench filtering(config);
  const TransportAddress guarded = filtering.seen(host);
  CHECK(filtering.delivered(at("198.51.100.1:9"), guarded));
  CHECK_FALSE(filtering.delivered(stranger, guarded));
}

TEST_CASE("nat64: each protocol has a table of its own", "[nat][rfc6146-3.1]") {
  Bench bench;
  CHECK(bench.seen(host).port == 4000);
  const auto syn = bench.from_inside(make_tcp6(other_host, server6, tcp_flag::syn));
  REQUIRE(syn.size() == 1);
  CHECK(source_of(syn[0].packet) == TransportAddress{pool, 4000});
  const auto ping = bench.from_inside(make_echo6(other_host.ip, server6.ip, 128, 4000));
  REQUIRE(ping.size() == 1);
  CHECK(source_of(ping[0].packet) == TransportAddress{pool, 4000});
}

TEST_CASE("nat64: a source within the prefix is dropped in silence", "[nat][rfc6146-3.5]") {
  Bench bench;
  CHECK(bench.from_inside(make_udp6(at("[2001:db8:64::198.51.100.9]:1"), server6, {})).empty());
  CHECK(bench.nat64.counters().dropped_spoofed == 1);
}

TEST_CASE("nat64: only what goes to the prefix or the pool is translated", "[nat][rfc6146-3.5]") {
  Bench bench;
  CHECK(bench.from_inside(make_udp6(host, at("[2001:db8:9::1]:1"), {})).empty());
  CHECK(bench.nat64.counters().dropped_not_for_us == 1);
  CHECK(bench.from_outside(make_udp(server, at("203.0.113.77:4000"), {})).empty());
  CHECK(bench.nat64.nat().counters().dropped_not_for_us == 1);
  CHECK(bench.from_inside(make_udp6(at("[fe80::1]:1"), server6, {})).empty());
  CHECK(bench.nat64.counters().dropped_malformed == 1);
}

TEST_CASE("nat64: the well-known prefix does not reach private addresses", "[nat][rfc6052-3.1]") {
  Nat64Config config = default_config();
  config.prefix = Prefix64();
  Bench bench(config);
  CHECK(bench.from_inside(make_udp6(host, at("[64:ff9b::10.0.0.1]:1"), {})).empty());
  CHECK(bench.nat64.counters().dropped_not_global == 1);
  CHECK(bench.from_inside(make_udp6(host, at("[64:ff9b::8.8.8.8]:1"), {})).size() == 1);
}

TEST_CASE("nat64: UDP sessions last five minutes, and both directions refresh",
          "[nat][rfc6146-3.5.1][rfc6146-4]") {
  Bench bench;
  const TransportAddress seen = bench.seen(host);
  bench.wait(299s);
  CHECK(bench.delivered(server, seen));
  bench.wait(299s);
  CHECK(bench.delivered(server, seen));
  bench.wait(301s);
  CHECK_FALSE(bench.delivered(server, seen));
  CHECK(bench.nat64.nat().mapping_count() == 0);
}

TEST_CASE("nat64: a host without mappings is forgotten", "[nat][rfc6146-3.1]") {
  Bench bench;
  bench.seen(host);
  CHECK(bench.nat64.host_count() == 1);
  bench.wait(301s);
  bench.wait(121s);  // the port is held for two minutes
  CHECK(bench.nat64.host_count() == 0);
  CHECK(bench.nat64.poll_timeout() == never);
}

TEST_CASE("nat64: TCP opens, closes and is forgotten", "[nat][rfc6146-3.5.2]") {
  Bench bench;
  const auto syn = bench.from_inside(make_tcp6(host, server6, tcp_flag::syn, 9));
  REQUIRE(syn.size() == 1);
  const TransportAddress seen = source_of(syn[0].packet);
  CHECK(bench
            .from_outside(make_tcp(server, seen, tcp_flag::syn | tcp_flag::ack, {},
                                   {.sequence = 5, .acknowledgment = 10}))
            .size() == 1);
  CHECK(bench.from_inside(make_tcp6(host, server6, tcp_flag::ack, 10, 6)).size() == 1);
  bench.wait(7439s);
  CHECK(bench
            .from_outside(make_tcp(server, seen, tcp_flag::ack, as_bytes("late"),
                                   {.sequence = 6, .acknowledgment = 10}))
            .size() == 1);
  const auto asked = bench.wait(7440s);
  REQUIRE(asked.size() == 1);
  const auto probe = *Ipv6View::parse(asked[0].packet);
  CHECK(asked[0].side == Side::inside);
  CHECK(probe.source() == server6.ip);
  CHECK(probe.destination() == host.ip);
  CHECK(TcpView::parse(probe.payload())->flags() == tcp_flag::ack);
  bench.wait(240s);
  CHECK(bench.nat64.nat().session_count() == 0);
}

TEST_CASE("nat64: an unsolicited SYN is answered after six seconds", "[nat][rfc6146-3.5.2.2]") {
  Bench bench;
  CHECK(bench.from_outside(make_tcp(server, {pool, 9}, tcp_flag::syn)).empty());
  CHECK(bench.wait(5900ms).empty());
  const auto sent = bench.wait(200ms);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].side == Side::outside);
  CHECK(icmp_of(sent[0].packet) == "3/3");
}

TEST_CASE("nat64: ping both ways of one query, for sixty seconds", "[nat][rfc6146-3.5.3]") {
  Bench bench;
  const auto ping = bench.from_inside(make_echo6(host.ip, server6.ip, 128, 7, as_bytes("x")));
  REQUIRE(ping.size() == 1);
  CHECK(icmp_of(ping[0].packet) == "8/0");
  const std::uint16_t identifier = source_of(ping[0].packet).port;
  const auto reply = [&] {
    return bench.from_outside(
        make_icmp_echo(server.ip, pool, icmp_type::echo_reply, identifier, 1, as_bytes("x")));
  };
  bench.wait(59s);
  const auto pong = reply();
  REQUIRE(pong.size() == 1);
  CHECK(icmp_of(pong[0].packet) == "129/0");
  CHECK(destination_of(pong[0].packet) == TransportAddress{host.ip, 7});
  bench.wait(61s);
  CHECK(reply().empty());
}

TEST_CASE("nat64: hosts inside meet at the pool", "[nat][rfc6146-3.8]") {
  Bench bench;
  const TransportAddress mine = bench.seen(host);
  const TransportAddress other = bench.seen(other_host);
  const TransportAddress other6{bench.nat64.config().prefix.embed(other.ip.v4_bits()), other.port};
  const auto sent = bench.from_inside(make_udp6(host, other6, as_bytes("hi")));
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].side == Side::inside);
  CHECK(destination_of(sent[0].packet) == other_host);
  CHECK(source_of(sent[0].packet) ==
        TransportAddress{bench.nat64.config().prefix.embed(mine.ip.v4_bits()), mine.port});
}

TEST_CASE("nat64: static entries let outside hosts begin", "[nat][rfc6146-3.1]") {
  Nat64Config config = default_config();
  config.nat.forwards = {{Protocol::tcp, std::nullopt, 80, 1, at("[2001:db8:1::80]:8080")}};
  Bench bench(config);
  const auto sent = bench.from_outside(make_tcp(server, {pool, 80}, tcp_flag::syn));
  REQUIRE(sent.size() == 1);
  CHECK(destination_of(sent[0].packet) == at("[2001:db8:1::80]:8080"));
  CHECK(source_of(sent[0].packet) == server6);
  bench.wait(1000s);
  CHECK(bench.from_outside(make_tcp(server, {pool, 80}, tcp_flag::syn)).size() == 1);
  const auto event = bench.nat64.poll_event();
  REQUIRE(event);
  CHECK(std::get<MappingCreated>(*event).inside == at("[2001:db8:1::80]:8080"));
}

TEST_CASE("nat64: an ICMP error from outside finds its host and changes no timer",
          "[nat][rfc6146-3.4][rfc7915-4.3]") {
  Bench bench;
  const auto out = bench.from_inside(make_udp6(host, server6, payload_of(40)));
  REQUIRE(out.size() == 1);
  const auto sent =
      bench.from_outside(make_icmp_error(ip("198.51.100.254"), pool, 3, 3, 0, out[0].packet));
  REQUIRE(sent.size() == 1);
  CHECK(icmp_of(sent[0].packet) == "1/4");
  CHECK(source_of(sent[0].packet).ip == ip("2001:db8:64::198.51.100.254"));
  CHECK(destination_of(sent[0].packet).ip == host.ip);
  const Bytes quote = transport_of(sent[0].packet).subspan(8);
  CHECK(source_of(quote) == host);
  CHECK(destination_of(quote) == server6);
  CHECK(bench.nat64.nat().session_count() == 1);
}

TEST_CASE("nat64: an ICMPv6 error from a host or a router inside leaves from the pool",
          "[nat][rfc6146-3.4][rfc7915-5.3]") {
  Bench bench;
  const TransportAddress seen = bench.seen(host);
  const auto in = bench.from_outside(make_udp(server, seen, payload_of(40)));
  REQUIRE(in.size() == 1);
  for (const IpAddress& teller : {host.ip, ip("2001:db8:1::fe")}) {
    const auto sent =
        bench.from_inside(make_icmpv6_error(teller, server6.ip, {1, 4, 0}, in[0].packet));
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].side == Side::outside);
    CHECK(icmp_of(sent[0].packet) == "3/3");
    CHECK(source_of(sent[0].packet).ip == pool);
    const Bytes quote = transport_of(sent[0].packet).subspan(8);
    CHECK(source_of(quote) == server);
    CHECK(destination_of(quote) == seen);
  }
}

TEST_CASE("nat64: fragments pass in every order, both ways", "[nat][rfc6146-3.4]") {
  const ByteVector whole = make_udp6(host, server6, payload_of(200));
  for (const bool first_comes_first : {true, false}) {
    Bench bench;
    const ByteVector first = fragment6(whole, 0, 104);
    const ByteVector second = fragment6(whole, 104, 200);
    std::vector<Command> sent = bench.from_inside(first_comes_first ? first : second);
    for (Command& command : bench.from_inside(first_comes_first ? second : first))
      sent.push_back(std::move(command));
    REQUIRE(sent.size() == 2);
    ByteVector joined;
    for (const Command& command : sent) {
      const auto view = *Ipv4View::parse(command.packet);
      CHECK(view.identification() == Ipv4View::parse(sent[0].packet)->identification());
      CHECK(view.fragment_offset() == joined.size());
      joined.insert(joined.end(), view.payload().begin(), view.payload().end());
    }
    CHECK(transport_checksum(pool.v4_bits(), server.ip.v4_bits(), ip_protocol::udp, joined) == 0);
  }
}

TEST_CASE("nat64: hop limits and sizes are minded, and the sender is told",
          "[nat][rfc7915-5.1][rfc7915-4.1]") {
  Nat64Config config = default_config();
  config.nat.outside_mtu = 1400;
  Bench bench(config);
  const auto expired = bench.from_inside(make_udp6(host, server6, as_bytes("x"), 1));
  REQUIRE(expired.size() == 1);
  CHECK(icmp_of(expired[0].packet) == "3/0");
  CHECK(source_of(expired[0].packet).ip == own);
  CHECK(destination_of(expired[0].packet).ip == host.ip);
  CHECK(source_of(transport_of(expired[0].packet).subspan(8)) == host);

  const auto too_big = bench.from_inside(make_udp6(host, server6, payload_of(1400)));
  REQUIRE(too_big.size() == 1);
  CHECK(icmp_of(too_big[0].packet) == "2/0");
  CHECK(load_u32(transport_of(too_big[0].packet).data() + 4) == 1420);

  const TransportAddress seen = bench.seen(host);
  Nat64Config narrow = default_config();
  narrow.ipv6_mtu = 1300;
  Bench inside(narrow);
  REQUIRE(inside.seen(host) == seen);
  const auto refused =
      inside.from_outside(make_udp(server, seen, payload_of(1300), {.dont_fragment = true}));
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].side == Side::outside);
  CHECK(icmp_of(refused[0].packet) == "3/4");
  CHECK(load_u16(transport_of(refused[0].packet).data() + 6) == 1280);
}

TEST_CASE("nat64: no binding can be made: address unreachable", "[nat][rfc6146-3.5.1.1]") {
  Nat64Config config = default_config();
  config.nat.max_mappings = 1;
  Bench bench(config);
  bench.seen(host);
  CHECK(bench.from_inside(make_udp6(other_host, server6, {})).empty());
  CHECK(bench.nat64.counters().dropped_host_limit == 1);
  const auto refused = bench.from_inside(make_udp6({host.ip, 4001}, server6, {}));
  REQUIRE(refused.size() == 1);
  CHECK(icmp_of(refused[0].packet) == "1/3");
  CHECK(source_of(refused[0].packet).ip == own);
}

TEST_CASE("nat64: other protocols are refused", "[nat][rfc6146-3.4]") {
  Bench bench;
  const ByteVector packet =
      make_ipv6({host.ip, server6.ip, 132, 64, 0, std::nullopt}, payload_of(32));
  const auto sent = bench.from_inside(packet);
  REQUIRE(sent.size() == 1);
  CHECK(icmp_of(sent[0].packet) == "1/4");
  CHECK(bench.nat64.counters().dropped_protocol == 1);
}

TEST_CASE("nat64: a Routing header that is not done is answered", "[nat][rfc7915-5.1]") {
  Bench bench;
  ByteVector payload{ip_protocol::udp, 0, 0, 1, 0, 0, 0, 0};
  payload.resize(32);
  const auto sent = bench.from_inside(
      make_ipv6({host.ip, server6.ip, ipv6_header::routing, 64, 0, std::nullopt}, payload));
  REQUIRE(sent.size() == 1);
  CHECK(icmp_of(sent[0].packet) == "4/0");
  CHECK(load_u32(transport_of(sent[0].packet).data() + 4) == 43);
}

TEST_CASE("nat64: sessions and events name the hosts themselves", "[nat][rfc6888-4]") {
  Bench bench;
  bench.seen(host);
  std::size_t sessions = 0;
  bench.nat64.for_each_session(bench.now, [&](const SessionInfo& session) {
    ++sessions;
    CHECK(session.inside == host);
    CHECK(session.remote == server);
  });
  CHECK(sessions == 1);
  const auto created = bench.nat64.poll_event();
  REQUIRE(created);
  CHECK(std::get<MappingCreated>(*created).inside == host);
  bench.nat64.flush(bench.now);
  const auto ended = bench.nat64.poll_event();
  REQUIRE(ended);
  CHECK(std::get<MappingEnded>(*ended).inside == host);
}

TEST_CASE("nat64: a configuration that cannot work is refused", "[nat]") {
  Nat64Config config = default_config();
  config.address = pool;
  CHECK(problem_with(config) == "the NAT64's own address 203.0.113.5 is not IPv6 unicast");
  config = default_config();
  config.ipv6_mtu = 1200;
  CHECK(problem_with(config));
  config = default_config();
  config.nat.forwards = {{Protocol::tcp, std::nullopt, 80, 1, at("10.0.0.1:80")}};
  CHECK(problem_with(config));
  Nat64Config shares = default_config();
  shares.nat.ports = PortAssignment::deterministic;
  CHECK(problem_with(shares));
  Nat64Config balancing = default_config();
  balancing.nat.balancers.emplace_back();
  CHECK(problem_with(balancing));
  SeededRandom random(1);
  CHECK_THROWS_AS(Nat64(config, random), std::invalid_argument);
}

TEST_CASE("nat64: a session is taken up by the next one, at its external endpoint", "[nat]") {
  Bench before;
  const TransportAddress external = before.seen(host);
  const TransportAddress other = before.seen(other_host);
  REQUIRE(external != other);
  Bench after;
  before.nat64.for_each_session(before.now, [&](const SessionInfo& session) {
    CHECK(after.nat64.restore(after.now, session));
  });
  CHECK(after.delivered(server, external));
  CHECK(after.seen(other_host) == other);
  CHECK(after.seen(host) == external);
  CHECK(after.nat64.host_count() == 2);
}

TEST_CASE("nat64: timers change as it runs, static entries stay", "[nat]") {
  Nat64Config config = default_config();
  config.nat.forwards = {{Protocol::udp, std::nullopt, 53, 1, host}};
  Bench bench(config);
  Config wanted = config.nat;
  wanted.udp_timeout = 20s;
  bench.nat64.reconfigure(bench.now, wanted);
  const TransportAddress external = bench.seen(other_host);
  bench.wait(21s);
  CHECK_FALSE(bench.delivered(server, external));
  CHECK(bench.delivered(server, {pool, 53}));
}
