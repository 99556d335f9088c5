#include "nat/portmap/nat64_server.hpp"

#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "tests/unit/portmap/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::portmap;
using namespace stile::nat::portmap::test;
using pcp::Result;

namespace {

const IpAddress inner = *IpAddress::parse("2001:db8:1::10");
const IpAddress inner_2 = *IpAddress::parse("2001:db8:1::11");
const TransportAddress anything{IpAddress(), 0};
const TransportAddress other_stranger{IpAddress::v4(198, 51, 100, 2), 7000};

Nat64Config nat64_config() {
  Nat64Config config;
  config.nat = test::nat_config();
  config.prefix = *Prefix64::parse("2001:db8:64::/96");
  config.address = *IpAddress::parse("2001:db8:1::1");
  return config;
}

/// A NAT64 with its server.
class Gateway {
 public:
  explicit Gateway(Nat64Config config = nat64_config())
      : nat64(std::move(config), random), server({}, nat64, now) {}

  Request request(std::uint8_t opcode = 1) const {
    Request made;
    made.opcode = opcode;
    made.client = inner;
    made.suggested = anything;
    made.remote = seen_inside(stranger);
    return made;
  }
  /// An IPv4 endpoint as inside hosts know it.
  TransportAddress seen_inside(const TransportAddress& remote) const {
    return {nat64.config().prefix.embed(remote.ip.v4_bits()), remote.port};
  }
  Response ask(const Request& wanted) {
    const auto answer = server.handle_datagram(now, {wanted.client, 40000}, to_bytes(wanted));
    REQUIRE(answer);
    return {*answer};
  }
  /// Whom a datagram from outside reaches.
  std::optional<TransportAddress> reached(const TransportAddress& from,
                                          const TransportAddress& to) {
    ByteVector packet = make_udp(from, to, as_bytes("x"));
    nat64.handle_ipv4_packet(now, packet);
    const auto command = nat64.poll_command();
    if (!command) return std::nullopt;
    const auto view = Ipv6View::parse(command->packet);
    REQUIRE(view);
    CHECK(view->source() == seen_inside(from).ip);
    return TransportAddress{view->destination(), load_u16(view->payload().data() + 2)};
  }
  /// What a remote host sees of one inside that sends there.
  TransportAddress seen(const TransportAddress& inside, const TransportAddress& remote) {
    nat64.handle_ipv6_packet(now, make_udp6(inside, seen_inside(remote), as_bytes("x")));
    const auto command = nat64.poll_command();
    REQUIRE(command);
    const auto view = *Ipv4View::parse(command->packet);
    return {IpAddress::v4(view.source()), load_u16(view.payload().data())};
  }
  void wait(Duration time) {
    now += time;
    nat64.handle_timeout(now);
    server.handle_timeout(now);
    while (nat64.poll_command()) continue;
  }

  SeededRandom random{1};
  Instant now{1h};
  Nat64 nat64;
  Nat64Server server;
};

}  // namespace

TEST_CASE("nat64 pcp: what an IPv6 host asks for leads from an IPv4 address to it",
          "[pcp][nat64][rfc6887-11.3][rfc6888-req9]") {
  Gateway gateway;
  const Response answer = gateway.ask(gateway.request());
  CHECK(answer.result() == Result::success);
  CHECK(answer.lifetime() == 3600);
  CHECK(answer.assigned().ip == external);
  CHECK(gateway.reached(stranger, answer.assigned()) == TransportAddress{inner, 5000});
  CHECK(gateway.seen({inner, 5000}, other_stranger) == answer.assigned());
  gateway.wait(3601s);
  CHECK_FALSE(gateway.reached(stranger, answer.assigned()));
}

TEST_CASE("nat64 pcp: a suggestion is an IPv4 endpoint", "[pcp][nat64][rfc6887-10]") {
  Gateway gateway;
  Request wanted = gateway.request();
  wanted.suggested = {external, 6000};
  CHECK(gateway.ask(wanted).assigned() == wanted.suggested);
  wanted.internal_port = 5001;
  wanted.options = option(2, {});
  CHECK(gateway.ask(wanted).result() == Result::cannot_provide_external);
  wanted.suggested = {*IpAddress::parse("2001:db8:5::1"), 6001};
  CHECK(gateway.ask(wanted).result() == Result::cannot_provide_external);
  wanted.suggested = {IpAddress(), 6001};
  CHECK(gateway.ask(wanted).assigned() == TransportAddress{external, 6001});
}

TEST_CASE("nat64 pcp: renewed and deleted by who has its nonce", "[pcp][nat64][rfc6887-15.1]") {
  Gateway gateway;
  Request wanted = gateway.request();
  const TransportAddress assigned = gateway.ask(wanted).assigned();
  wanted.nonce = {9};
  CHECK(gateway.ask(wanted).result() == Result::not_authorized);
  wanted = gateway.request();
  wanted.client = inner_2;
  CHECK(gateway.ask(wanted).assigned() != assigned);
  wanted = gateway.request();
  wanted.lifetime = 0;
  CHECK(gateway.ask(wanted).result() == Result::success);
  CHECK_FALSE(gateway.reached(stranger, assigned));
}

TEST_CASE("nat64 pcp: filters and peers are named as the host sees them",
          "[pcp][nat64][rfc6887-10][rfc6887-13.3]") {
  Gateway gateway;
  Request wanted = gateway.request();
  wanted.options = filter_option(gateway.seen_inside(stranger).ip, 128, 0);
  const TransportAddress assigned = gateway.ask(wanted).assigned();
  CHECK(gateway.reached(stranger, assigned));
  CHECK_FALSE(gateway.reached(other_stranger, assigned));
  wanted.options = filter_option(gateway.seen_inside(stranger).ip, 120, 0);
  CHECK(gateway.ask(wanted).result() == Result::success);
  CHECK(gateway.reached(other_stranger, assigned));
  CHECK_FALSE(gateway.reached({IpAddress::v4(192, 0, 2, 1), 7000}, assigned));
  wanted.options = filter_option(*IpAddress::parse("2001:db8:9::1"), 128, 0);
  CHECK(gateway.ask(wanted).result() == Result::malformed_option);
}

TEST_CASE("nat64 pcp: PEER opens and keeps a session", "[pcp][nat64][rfc6887-12.3]") {
  Gateway gateway;
  const Response answer = gateway.ask(gateway.request(2));
  CHECK(answer.result() == Result::success);
  CHECK(answer.assigned().ip == external);
  CHECK(gateway.seen({inner, 5000}, stranger) == answer.assigned());
  gateway.wait(3000s);
  CHECK(gateway.reached(stranger, answer.assigned()));
  Request wanted = gateway.request(2);
  for (const char* remote :
       {"[2001:db8:9::1]:7000", "[2001:db8:64::224.0.0.1]:7000", "[2001:db8:64::127.0.0.1]:7000",
        "[2001:db8:64::]:7000", "198.51.100.1:7000"}) {
    wanted.remote = *TransportAddress::parse(remote);
    CHECK(gateway.ask(wanted).result() == Result::malformed_request);
  }
}

TEST_CASE("nat64 pcp: who asks is told the prefix", "[pcp][nat64][rfc7225-4]") {
  Gateway gateway;
  ByteVector any_prefix(14);
  any_prefix[1] = 12;
  Request wanted = gateway.request(GENERATE(as<std::uint8_t>(), 0, 1));
  const std::size_t without = gateway.ask(wanted).bytes.size();
  wanted.options = option(129, any_prefix);
  const ByteVector answer = gateway.ask(wanted).bytes;
  ByteVector told{0, 12, 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, 0, 0, 0, 0, 0, 0};
  CHECK(ByteVector(answer.begin() + static_cast<std::ptrdiff_t>(without), answer.end()) ==
        option(129, told));
  wanted.options = option(129, {});
  CHECK(gateway.ask(wanted).bytes.size() == without);
}

TEST_CASE("nat64 pcp: a shorter prefix has a suffix of zeros", "[pcp][nat64][rfc7225-4.1]") {
  const ByteVector answer = pcp::make_prefix64_option(*IpPrefix::parse("2001:db8:64::/48"));
  CHECK(answer == option(129, {0, 6, 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("nat64 pcp: hosts that have nothing any more are forgotten", "[pcp][nat64][rfc6887-15]") {
  Gateway gateway;
  Request wanted = gateway.request();
  gateway.ask(wanted);
  CHECK(gateway.nat64.host_count() == 1);
  gateway.wait(1000s);
  CHECK(gateway.nat64.host_count() == 1);
  gateway.wait(2601s);
  gateway.wait(61s);
  CHECK(gateway.nat64.host_count() == 0);
  wanted.lifetime = 0;  // there was nothing to delete
  gateway.ask(wanted);
  gateway.wait(61s);
  CHECK(gateway.nat64.host_count() == 0);
}

TEST_CASE("nat64 pcp: so many hosts and no more", "[pcp][nat64][rfc6887-7.4]") {
  Nat64Config config = nat64_config();
  config.nat.max_mappings = 1;
  Gateway gateway(config);
  CHECK(gateway.ask(gateway.request()).result() == Result::success);
  Request wanted = gateway.request();
  wanted.client = inner_2;
  CHECK(gateway.ask(wanted).result() == Result::no_resources);
}
