#include "nat/portmap/pinhole_server.hpp"

#include "tests/unit/portmap/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::portmap;
using namespace stile::nat::portmap::test;
using pcp::Result;

namespace {

const IpAddress inner = *IpAddress::parse("2001:db8:1::10");
const TransportAddress port{inner, 5000};
const TransportAddress outer = *TransportAddress::parse("[2001:db8:9::1]:7000");
const TransportAddress elsewhere = *TransportAddress::parse("[2001:db8:9::2]:7000");
const TransportAddress anything{IpAddress(), 0};

FirewallConfig firewall_config() {
  FirewallConfig config{*IpPrefix::parse("2001:db8:1::/48"), *IpAddress::parse("2001:db8:1::1"),
                        *IpAddress::parse("2001:db8:ffff::1")};
  config.filtering = config.filtering_tcp = Behavior::address_and_port_dependent;
  config.pinholes = {{Protocol::tcp, {inner, 80}}};
  return config;
}

Request request(std::uint8_t opcode = 1) {
  Request made;
  made.opcode = opcode;
  made.client = inner;
  made.suggested = anything;
  made.remote = outer;
  return made;
}

/// A firewall with its server.
class Wall {
 public:
  explicit Wall(FirewallConfig config = firewall_config(), portmap::Config servers = {})
      : firewall(std::move(config)), server(std::move(servers), firewall, now) {}

  Response ask(const Request& wanted, const IpAddress& from = inner) {
    const auto answer = server.handle_datagram(now, {from, 40000}, to_bytes(wanted));
    REQUIRE(answer);
    REQUIRE((*answer)[0] == 2);
    REQUIRE(((*answer)[1] & pcp::response_bit) != 0);
    return {*answer};
  }
  bool comes_in(const TransportAddress& from, const TransportAddress& to = port) {
    return passes(Side::outside, from, to);
  }
  bool goes_out(const TransportAddress& from, const TransportAddress& to) {
    return passes(Side::inside, from, to);
  }
  void wait(Duration time) {
    now += time;
    firewall.handle_timeout(now);
    server.handle_timeout(now);
  }

  Instant now{1h};
  Firewall firewall;
  PinholeServer server;

 private:
  bool passes(Side side, const TransportAddress& from, const TransportAddress& to) {
    ByteVector packet = make_udp6(from, to, as_bytes("x"));
    return firewall.handle_packet(now, side, packet).action != Action::drop;
  }
  static ByteVector make_udp6(const TransportAddress& from, const TransportAddress& to,
                              Bytes payload) {
    ByteVector packet(48 + payload.size());
    packet[0] = 0x60;
    store_u16(&packet[4], static_cast<std::uint16_t>(8 + payload.size()));
    packet[6] = 17;
    packet[7] = 64;
    std::ranges::copy(from.ip.v6_bytes(), packet.begin() + 8);
    std::ranges::copy(to.ip.v6_bytes(), packet.begin() + 24);
    store_u16(&packet[40], from.port);
    store_u16(&packet[42], to.port);
    store_u16(&packet[44], static_cast<std::uint16_t>(8 + payload.size()));
    std::ranges::copy(payload, packet.begin() + 48);
    return packet;
  }
};

}  // namespace

TEST_CASE("pinhole: what a host asks for comes in, as long as it lasts", "[pcp][rfc6887-11.3]") {
  Wall wall;
  CHECK_FALSE(wall.comes_in(outer));
  const Response answer = wall.ask(request());
  CHECK(answer.result() == Result::success);
  CHECK(answer.lifetime() == 3600);
  CHECK(answer.assigned() == port);
  CHECK(wall.comes_in(outer));
  CHECK_FALSE(wall.comes_in(outer, {inner, 5001}));
  CHECK_FALSE(wall.comes_in(outer, {*IpAddress::parse("2001:db8:1::11"), 5000}));
  wall.wait(3599s);
  CHECK(wall.comes_in(elsewhere));
  wall.wait(1s);
  CHECK_FALSE(wall.comes_in(*TransportAddress::parse("[2001:db8:9::3]:1")));
  CHECK(wall.firewall.terms_of({Protocol::udp, port}) == nullptr);
}

TEST_CASE("pinhole: renewed and deleted by who has its nonce", "[pcp][rfc6887-15.1]") {
  Wall wall;
  Request wanted = request();
  wall.ask(wanted);
  wall.wait(1000s);
  wanted.nonce = {9};
  CHECK(wall.ask(wanted).result() == Result::not_authorized);
  CHECK(wall.ask(wanted).lifetime() == 2600);
  wanted.lifetime = 0;
  CHECK(wall.ask(wanted).result() == Result::not_authorized);
  wanted = request();
  wanted.lifetime = 7200;
  CHECK(wall.ask(wanted).lifetime() == 7200);
  wanted.lifetime = 0;
  CHECK(wall.ask(wanted).result() == Result::success);
  CHECK_FALSE(wall.comes_in(outer));
  CHECK(wall.ask(wanted).result() == Result::success);  // again
}

TEST_CASE("pinhole: one of before a restart has no nonce, and gets that of who renews it",
          "[pcp][rfc6887-11.3]") {
  Wall wall;
  ExplicitTerms terms;
  terms.until = wall.now + 600s;
  REQUIRE_FALSE(wall.firewall.open_pinhole(wall.now, {Protocol::udp, port}, terms));
  CHECK(wall.comes_in(outer));
  CHECK(wall.ask(request()).result() == Result::success);
  Request another = request();
  another.nonce = {9};
  CHECK(wall.ask(another).result() == Result::not_authorized);
}

TEST_CASE("pinhole: lifetimes are kept within limits", "[pcp][rfc6887-15]") {
  Wall wall;
  Request wanted = request();
  wanted.lifetime = 1;
  CHECK(wall.ask(wanted).lifetime() == 120);
  wanted.lifetime = 0xffffffff;
  CHECK(wall.ask(wanted).lifetime() == 86400);
}

TEST_CASE("pinhole: it is at the port that was asked for and no elsewhere", "[pcp][rfc6887-13.2]") {
  Wall wall;
  Request wanted = request();
  wanted.suggested = {IpAddress(), 6000};
  CHECK(wall.ask(wanted).assigned() == port);
  wanted.options = option(2, {});
  CHECK(wall.ask(wanted).result() == Result::cannot_provide_external);
  wanted.suggested = {outer.ip, 5000};
  CHECK(wall.ask(wanted).result() == Result::cannot_provide_external);
  wanted.suggested = {IpAddress(), 5000};
  CHECK(wall.ask(wanted).result() == Result::success);
}

TEST_CASE("pinhole: filters let in whom they name", "[pcp][rfc6887-13.3]") {
  Wall wall;
  Request wanted = request();
  wanted.options = filter_option(outer.ip, 128, 0);
  CHECK(wall.ask(wanted).result() == Result::success);
  CHECK(wall.comes_in(outer));
  CHECK_FALSE(wall.comes_in(elsewhere));
  wanted.options = filter_option(*IpAddress::parse("2001:db8:9::"), 64, 7000);
  CHECK(wall.ask(wanted).result() == Result::success);
  CHECK(wall.comes_in(elsewhere));
  CHECK_FALSE(wall.comes_in({*IpAddress::parse("2001:db8:9::4"), 7001}));
  wanted.options = filter_option(IpAddress::v4(198, 51, 100, 1), 128, 0);
  CHECK(wall.ask(wanted).result() == Result::malformed_option);
  wanted.options = {};
  for (int i = 0; i < 20; ++i) wanted.options = wanted.options + filter_option(outer.ip, 128, 0);
  CHECK(wall.ask(wanted).result() == Result::excessive_remote_peers);
}

TEST_CASE("pinhole: a host outside, and one that speaks for another, is refused",
          "[pcp][rfc6887-8.2]") {
  Wall wall;
  Request wanted = request();
  wanted.client = outer.ip;
  CHECK(wall.ask(wanted, outer.ip).result() == Result::not_authorized);
  CHECK(wall.ask(wanted).result() == Result::address_mismatch);
  CHECK_FALSE(wall.server.handle_datagram(wall.now, {IpAddress::v4(192, 168, 1, 10), 4000},
                                          to_bytes(request())));
}

TEST_CASE("pinhole: one of the configuration stays", "[pcp][rfc6887-11.3]") {
  Wall wall;
  Request wanted = request();
  wanted.protocol = tcp;
  wanted.internal_port = 80;
  CHECK(wall.ask(wanted).lifetime() == pcp::forever);
  wanted.lifetime = 0;
  CHECK(wall.ask(wanted).result() == Result::not_authorized);
}

TEST_CASE("pinhole: a host has so many, and all have so many", "[pcp][rfc6887-7.4]") {
  FirewallConfig config = firewall_config();
  config.requested_pinholes_per_host = 2;
  config.max_requested_pinholes = 3;
  Wall wall(config);
  const auto asked = [&](const char* host, std::uint16_t number) {
    Request wanted = request();
    wanted.client = *IpAddress::parse(host);
    wanted.internal_port = number;
    return wall.ask(wanted, wanted.client).result();
  };
  CHECK(asked("2001:db8:1::10", 1) == Result::success);
  CHECK(asked("2001:db8:1::10", 2) == Result::success);
  CHECK(asked("2001:db8:1::10", 3) == Result::user_ex_quota);
  CHECK(asked("2001:db8:1::10", 2) == Result::success);  // a renewal
  CHECK(asked("2001:db8:1::11", 1) == Result::success);
  CHECK(asked("2001:db8:1::12", 1) == Result::no_resources);
}

TEST_CASE("pinhole: PEER keeps a session beyond its idle timeout", "[pcp][rfc6887-12.3]") {
  Wall wall;
  const Response answer = wall.ask(request(2));
  CHECK(answer.result() == Result::success);
  CHECK(answer.lifetime() == 3600);
  CHECK(answer.assigned() == port);
  CHECK(wall.comes_in(outer));
  CHECK_FALSE(wall.comes_in(elsewhere));
  wall.wait(3000s);
  CHECK(wall.goes_out(port, outer));  // shortens nothing
  wall.wait(599s);
  CHECK(wall.comes_in(outer));
  Request another = request(2);
  another.nonce = {9};
  CHECK(wall.ask(another).result() == Result::not_authorized);
  wall.wait(3600s);
  CHECK_FALSE(wall.comes_in(outer));
}

TEST_CASE("pinhole: PEER is for sessions with the outside, at the host's own port",
          "[pcp][rfc6887-12.3]") {
  Wall wall;
  Request wanted = request(2);
  wanted.remote = {*IpAddress::parse("2001:db8:1::11"), 7000};
  CHECK(wall.ask(wanted).result() == Result::malformed_request);
  wanted.remote = {IpAddress::v4(198, 51, 100, 1), 7000};
  CHECK(wall.ask(wanted).result() == Result::malformed_request);
  wanted = request(2);
  wanted.suggested = {IpAddress(), 6000};
  CHECK(wall.ask(wanted).result() == Result::cannot_provide_external);
}

TEST_CASE("pinhole: flushed, all are gone and the epoch begins anew", "[pcp][rfc6887-8.5]") {
  Wall wall;
  wall.wait(100s);
  CHECK(wall.ask(request()).epoch() == 100);
  wall.firewall.flush();
  wall.server.handle_state_loss(wall.now);
  CHECK_FALSE(wall.comes_in(outer));
  wall.server.handle_timeout(wall.now);
  const auto announced = wall.server.poll_announcement();
  REQUIRE(announced);
  CHECK((*announced)[0] == 2);
  CHECK(wall.ask(request()).epoch() == 0);
}
