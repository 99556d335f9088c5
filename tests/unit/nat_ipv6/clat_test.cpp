#include "nat/ipv6/clat.hpp"

#include "nat/ipv6/nat64.hpp"
#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const IpAddress own4 = ip("192.168.1.1");
const IpAddress own6 = ip("2001:db8:1::1");
const TransportAddress host = at("192.168.1.10:4000");
const TransportAddress server = at("198.51.100.1:7000");
const TransportAddress host6 = at("[2001:db8:c::192.168.1.10]:4000");
const TransportAddress server6 = at("[2001:db8:64::198.51.100.1]:7000");

ClatConfig default_config() {
  ClatConfig config;
  config.prefix = *Prefix64::parse("2001:db8:64::/96");
  config.own_prefix = *Prefix64::parse("2001:db8:c::/96");
  config.ipv4_address = own4;
  config.ipv6_address = own6;
  return config;
}

std::vector<Command> out(Clat& clat, const ByteVector& packet) {
  clat.handle_ipv4_packet(Instant(1h), packet);
  return take_commands(clat);
}
std::vector<Command> in(Clat& clat, const ByteVector& packet) {
  clat.handle_ipv6_packet(Instant(1h), packet);
  return take_commands(clat);
}

}  // namespace

TEST_CASE("clat: out and back, without state", "[nat][rfc6877-6.3]") {
  Clat clat(default_config());
  const auto sent = out(clat, make_udp(host, server, as_bytes("hello")));
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].side == Side::outside);
  CHECK(source_of(sent[0].packet) == host6);
  CHECK(destination_of(sent[0].packet) == server6);
  CHECK(Ipv6View::parse(sent[0].packet)->hop_limit() == 63);
  const auto back = in(clat, make_udp6(server6, host6, as_bytes("answer")));
  REQUIRE(back.size() == 1);
  CHECK(back[0].side == Side::inside);
  CHECK(source_of(back[0].packet) == server);
  CHECK(destination_of(back[0].packet) == host);
  CHECK(Ipv4View::parse(back[0].packet)->ttl() == 63);
}

TEST_CASE("clat: every protocol passes", "[nat][rfc7915-4.5][rfc7915-5.5]") {
  Clat clat(default_config());
  for (const std::uint8_t protocol : {47, 50, 132}) {
    const auto sent = out(clat, make_ipv4(host.ip, server.ip, protocol, payload_of(32)));
    REQUIRE(sent.size() == 1);
    CHECK(Ipv6View::parse(sent[0].packet)->next_header() == protocol);
    CHECK(std::ranges::equal(transport_of(sent[0].packet), payload_of(32)));
  }
}

TEST_CASE("clat: what is not between its prefixes does not come in", "[nat][rfc7915-6]") {
  Clat clat(default_config());
  CHECK(in(clat, make_udp6(at("[2001:db8:9::1]:7"), host6, {})).empty());
  CHECK(in(clat, make_udp6(server6, at("[2001:db8:d::192.168.1.10]:7"), {})).empty());
  CHECK(clat.counters().dropped_not_for_us == 2);
}

TEST_CASE("clat: TTL and sizes are minded inside", "[nat][rfc7915-4.1]") {
  Clat clat(default_config());
  const auto expired = out(clat, make_udp(host, server, as_bytes("x"), {.ttl = 1}));
  REQUIRE(expired.size() == 1);
  CHECK(icmp_of(expired[0].packet) == "11/0");
  CHECK(source_of(expired[0].packet).ip == own4);
  const auto too_big = out(clat, make_udp(host, server, payload_of(1460), {.dont_fragment = true}));
  REQUIRE(too_big.size() == 1);
  CHECK(icmp_of(too_big[0].packet) == "3/4");
  CHECK(load_u16(transport_of(too_big[0].packet).data() + 6) == 1480);
  CHECK(out(clat, make_udp(host, server, payload_of(1460))).size() == 2);
}

TEST_CASE("clat: hop limit and sizes are minded outside", "[nat][rfc7915-5.1]") {
  ClatConfig config = default_config();
  config.mtus.ipv4 = 1300;
  Clat clat(config);
  const auto expired = in(clat, make_udp6(server6, host6, as_bytes("x"), 1));
  REQUIRE(expired.size() == 1);
  CHECK(expired[0].side == Side::outside);
  CHECK(icmp_of(expired[0].packet) == "3/0");
  CHECK(source_of(expired[0].packet).ip == own6);
  const auto too_big = in(clat, make_udp6(server6, host6, payload_of(1400)));
  REQUIRE(too_big.size() == 1);
  CHECK(icmp_of(too_big[0].packet) == "2/0");
  CHECK(load_u32(transport_of(too_big[0].packet).data() + 4) == 1320);
}

TEST_CASE("clat: errors of IPv6 routers come in from the CLAT itself", "[nat][rfc6791-4]") {
  Clat clat(default_config());
  const auto sent = out(clat, make_udp(host, server, payload_of(30)));
  REQUIRE(sent.size() == 1);
  const auto error =
      in(clat, make_icmpv6_error(ip("2001:db8:9::fe"), host6.ip,
                                 {icmpv6_type::packet_too_big, 0, 1400}, sent[0].packet));
  REQUIRE(error.size() == 1);
  CHECK(icmp_of(error[0].packet) == "3/4");
  CHECK(load_u16(transport_of(error[0].packet).data() + 6) == 1380);
  CHECK(source_of(error[0].packet).ip == own4);
  CHECK(source_of(transport_of(error[0].packet).subspan(8)) == host);
}

TEST_CASE("clat: damaged packets are dropped and counted", "[nat]") {
  Clat clat(default_config());
  ByteVector packet = make_udp(host, server, {});
  packet[10] ^= 1;
  CHECK(out(clat, packet).empty());
  CHECK(out(clat, make_udp({ip("0.0.0.0"), 1}, server, {})).empty());
  CHECK(in(clat, {}).empty());
  CHECK(clat.counters().dropped_malformed == 3);
}

TEST_CASE("clat: prefixes that overlap are refused", "[nat]") {
  ClatConfig config = default_config();
  config.own_prefix = *Prefix64::parse("2001:db8:64::/64");
  CHECK(problem_with(config) == "the prefixes of CLAT and PLAT overlap");
  CHECK_THROWS_AS(Clat(config), std::invalid_argument);
}

TEST_CASE("464xlat: an IPv4 host reaches an IPv4 server over IPv6, and gets answers and errors",
          "[nat][rfc6877-6.1]") {
  Clat clat(default_config());
  SeededRandom random(1);
  Nat64Config plat;
  plat.nat.external = {ip("203.0.113.5")};
  plat.prefix = default_config().prefix;
  plat.address = ip("2001:db8::1");
  Nat64 nat64(plat, random);
  const Instant now(1h);

  const auto through = [&](const ByteVector& packet) {
    const auto ipv6 = out(clat, packet);
    REQUIRE(ipv6.size() == 1);
    nat64.handle_ipv6_packet(now, ipv6[0].packet);
    return take_commands(nat64);
  };
  const auto back = [&](ByteVector packet) {
    nat64.handle_ipv4_packet(now, packet);
    const auto ipv6 = take_commands(nat64);
    REQUIRE(ipv6.size() == 1);
    return in(clat, ipv6[0].packet);
  };
  const auto sent = through(make_udp(host, server, as_bytes("hello")));
  REQUIRE(sent.size() == 1);
  CHECK(source_of(sent[0].packet) == at("203.0.113.5:4000"));
  CHECK(Ipv4View::parse(sent[0].packet)->ttl() == 62);
  const auto answer = back(make_udp(server, at("203.0.113.5:4000"), as_bytes("answer")));
  REQUIRE(answer.size() == 1);
  CHECK(source_of(answer[0].packet) == server);
  CHECK(destination_of(answer[0].packet) == host);

  const auto error =
      back(make_icmp_error(ip("198.51.100.254"), ip("203.0.113.5"), 11, 0, 0, sent[0].packet));
  REQUIRE(error.size() == 1);
  CHECK(icmp_of(error[0].packet) == "11/0");
  CHECK(source_of(error[0].packet).ip == ip("198.51.100.254"));
  CHECK(source_of(transport_of(error[0].packet).subspan(8)) == host);
}
