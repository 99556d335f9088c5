#include "tests/unit/portmap/bench.hpp"

namespace stile::nat::portmap::test {

namespace {

const ByteVector prefer_failure = option(2, {});

ByteVector third_party(const IpAddress& address) {
  return option(1, {address.v6_bytes().begin(), address.v6_bytes().end()});
}

}  // namespace

TEST_CASE("pcp: MAP makes a mapping that strangers can use", "[portmap][rfc6887-11.3]") {
  Bench bench;
  const Request request{.suggested = {external, 8000}};
  const Response response = bench.ask(request);
  CHECK(response.result() == Result::success);
  CHECK(response.lifetime() == 3600);
  CHECK(response.assigned() == TransportAddress{external, 8000});
  CHECK(response.bytes.size() == 60);
  CHECK(std::equal(request.nonce.begin(), request.nonce.end(), response.bytes.begin() + 24));
  CHECK(response.bytes[36] == udp);
  CHECK(load_u16(&response.bytes[40]) == 5000);
  CHECK(load_u32(&response.bytes[12]) == 0);
  CHECK(bench.delivered(stranger, response.assigned()));
  CHECK(bench.seen({host, 5000}, stranger) == response.assigned());
}

TEST_CASE("pcp: a lifetime is kept within bounds", "[portmap][rfc6887-15]") {
  Bench bench;
  CHECK(bench.ask({.lifetime = 1}).lifetime() == 120);
  CHECK(bench.ask({.lifetime = 0xffffffff}).lifetime() == 86400);
  CHECK(bench.ask({.lifetime = 200}).lifetime() == 200);
  bench.wait(199s);
  CHECK(bench.nat.mapping_count() == 1);
  bench.wait(1s);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("pcp: a mapping that exists is renewed as it is", "[portmap][rfc6887-11.3]") {
  Bench bench;
  const TransportAddress first = bench.ask({.suggested = {external, 8000}}).assigned();
  bench.wait(1000s);
  const Response again = bench.ask({.suggested = {external, 9000}});
  CHECK(again.result() == Result::success);
  CHECK(again.assigned() == first);
  CHECK(again.lifetime() == 3600);
}

TEST_CASE("pcp: who does not know the nonce changes nothing", "[portmap][rfc6887-11.3]") {
  Bench bench;
  bench.ask({});
  bench.wait(600s);
  for (const std::uint32_t lifetime : {0u, 7200u}) {
    const Response refused = bench.ask({.lifetime = lifetime, .nonce = {9}});
    CHECK(refused.result() == Result::not_authorized);
    CHECK(refused.lifetime() == 3000);
  }
  CHECK(bench.nat.mapping_count() == 1);
}

TEST_CASE("pcp: what cannot be mapped", "[portmap][rfc6887-11.3]") {
  Bench bench;
  CHECK(bench.ask({.protocol = 0}).result() == Result::malformed_request);
  CHECK(bench.ask({.lifetime = 0, .protocol = 0}).result() == Result::malformed_request);
  CHECK(bench.ask({.protocol = 0, .internal_port = 0}).result() == Result::unsupp_protocol);
  CHECK(bench.ask({.protocol = udp, .internal_port = 0}).result() == Result::unsupp_protocol);
  CHECK(bench.ask({.protocol = 132}).result() == Result::unsupp_protocol);
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("pcp: PREFER_FAILURE gives what is suggested or nothing", "[portmap][rfc6887-13.2]") {
  Bench bench;
  const TransportAddress taken{external, 8000};
  bench.ask({.client = neighbour, .suggested = taken}, neighbour);
  const Response refused = bench.ask({.suggested = taken, .options = prefer_failure});
  CHECK(refused.result() == Result::cannot_provide_external);
  CHECK(refused.bytes.size() == 64);
  const Response given = bench.ask({.suggested = {external, 8001}, .options = prefer_failure});
  CHECK(given.result() == Result::success);
  CHECK(given.assigned().port == 8001);
  CHECK(given.bytes.size() == 64);
  CHECK(given.bytes[60] == 2);
  CHECK(bench.ask({.suggested = {external, 8002}, .options = prefer_failure}).result() ==
        Result::cannot_provide_external);
  CHECK(bench.ask({.options = prefer_failure}).result() == Result::malformed_option);
  CHECK(bench.ask({.lifetime = 0, .suggested = taken, .options = prefer_failure}).result() ==
        Result::malformed_option);
}

TEST_CASE("pcp: the server's own ports are not given away", "[portmap][rfc6887-11.3]") {
  Bench bench;
  for (const std::uint16_t port : own_ports) {
    const Request request{.internal_port = port, .suggested = {external, port}};
    CHECK(bench.ask(request).assigned().port != port);
    Request exact = request;
    exact.client = neighbour;
    exact.options = prefer_failure;
    CHECK(bench.ask(exact, neighbour).result() == Result::cannot_provide_external);
  }
}

TEST_CASE("pcp: a deleted mapping is gone, and deleting it again succeeds",
          "[portmap][rfc6887-15.1]") {
  Bench bench;
  const TransportAddress assigned = bench.ask({}).assigned();
  for (int i = 0; i < 2; ++i) {
    const Response response = bench.ask({.lifetime = 0, .suggested = {external, 77}});
    CHECK(response.result() == Result::success);
    CHECK(response.lifetime() == 0);
    CHECK(response.assigned() == TransportAddress{external, 77});
  }
  CHECK_FALSE(bench.delivered(stranger, assigned));
  CHECK(bench.ask({.lifetime = 0, .protocol = 0, .internal_port = 0}).result() == Result::success);
}

TEST_CASE("pcp: a mapping in use ends when it would have ended without the request",
          "[portmap][rfc6887-15]") {
  Bench bench;
  bench.ask({});
  const TransportAddress assigned = bench.seen({host, 5000}, stranger);
  bench.wait(100s);
  const Response deleted = bench.ask({.lifetime = 0});
  CHECK(deleted.result() == Result::success);
  CHECK(deleted.lifetime() == 200);
  CHECK(bench.delivered({stranger.ip, 1}, assigned));
  bench.wait(200s);
  CHECK_FALSE(bench.delivered(stranger, assigned));
}

TEST_CASE("pcp: mappings of traffic and of the configuration cannot be deleted",
          "[portmap][rfc6887-15.1][rfc6887-11.3]") {
  nat::Config config = nat_config();
  config.forwards = {{Protocol::tcp, std::nullopt, 80, 1, {host, 8080}}};
  Bench bench(config);
  bench.seen({host, 5000}, stranger);
  CHECK(bench.ask({.lifetime = 0}).result() == Result::not_authorized);
  const Request forwarded{.lifetime = 0, .protocol = tcp, .internal_port = 8080};
  CHECK(bench.ask(forwarded).result() == Result::not_authorized);
  Request asked = forwarded;
  asked.lifetime = 600;
  const Response told = bench.ask(asked);
  CHECK(told.assigned() == TransportAddress{external, 80});
  CHECK(told.lifetime() == pcp::forever);
  asked.nonce = {9};
  CHECK(bench.ask(asked).result() == Result::success);
}

TEST_CASE("pcp: a host with an address to itself hears of it", "[portmap][rfc6887-11.3]") {
  nat::Config config = nat_config();
  config.static_addresses = {{host, IpAddress::v4(203, 0, 113, 9)}};
  Bench bench(config);
  const Response told = bench.ask({});
  CHECK(told.assigned() == TransportAddress{IpAddress::v4(203, 0, 113, 9), 5000});
  CHECK(told.lifetime() == pcp::forever);
  CHECK(bench.ask({.opcode = 2}).assigned() == told.assigned());
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("pcp: a host has so many mappings and no more", "[portmap][rfc6887-11.3]") {
  nat::Config config = nat_config();
  config.explicit_per_host = 3;
  Bench bench(config);
  for (std::uint16_t port = 1; port <= 3; ++port)
    CHECK(bench.ask({.internal_port = port}).result() == Result::success);
  CHECK(bench.ask({.internal_port = 4}).result() == Result::user_ex_quota);
  CHECK(bench.ask({.internal_port = 3}).result() == Result::success);
  CHECK(bench.ask({.client = neighbour}, neighbour).result() == Result::success);
  bench.ask({.lifetime = 0, .internal_port = 1});
  CHECK(bench.ask({.internal_port = 4}).result() == Result::success);
}

TEST_CASE("pcp: a NAT without resources or without an address says so", "[portmap][rfc6887-7.4]") {
  nat::Config config = nat_config();
  config.max_mappings = 1;
  Bench bench(config);
  bench.ask({});
  const Response full = bench.ask({.internal_port = 1});
  CHECK(full.result() == Result::no_resources);
  CHECK(full.lifetime() == 30);
  bench.nat.set_external(bench.now, {});
  CHECK(bench.ask({}).result() == Result::network_failure);
  CHECK(bench.ask({.opcode = 2}).result() == Result::network_failure);
}

TEST_CASE("pcp: third parties are refused unless they were named", "[portmap][rfc6887-13.1]") {
  Bench closed;
  const Request request{.options = third_party(neighbour)};
  CHECK(closed.ask(request).result() == Result::unsupp_option);

  Config config;
  config.third_party_clients = {IpPrefix(host, 32)};
  Bench bench(nat_config(), config);
  const Response made = bench.ask(request);
  CHECK(made.result() == Result::success);
  CHECK(made.bytes.size() == 80);
  CHECK(bench.nat.mapping_of_inside(Protocol::udp, {neighbour, 5000}));
  CHECK(bench.ask({.options = third_party(host)}).result() == Result::malformed_request);
  CHECK(bench.ask({.options = third_party(IpAddress{})}).result() == Result::malformed_option);
  CHECK(bench.ask({.options = third_party(neighbour) + third_party(neighbour)}).result() ==
        Result::malformed_option);
  CHECK(bench.ask({.client = neighbour, .options = third_party(host)}, neighbour).result() ==
        Result::unsupp_option);
}

TEST_CASE("pcp: filters accumulate until they are removed", "[portmap][rfc6887-13.3]") {
  Bench bench;
  const IpAddress other = IpAddress::v4(198, 51, 100, 2);
  const Response first = bench.ask({.options = filter_option(stranger.ip, 128, 7000)});
  CHECK(first.result() == Result::success);
  CHECK(first.bytes.size() == 84);
  const TransportAddress assigned = first.assigned();
  CHECK(bench.delivered(stranger, assigned));
  CHECK_FALSE(bench.delivered({stranger.ip, 7001}, assigned));
  CHECK_FALSE(bench.delivered({other, 7000}, assigned));

  bench.ask({.options = filter_option(other, 96 + 24, 0)});
  CHECK(bench.delivered({other, 9}, assigned));
  CHECK(bench.delivered(stranger, assigned));
  bench.ask({});
  CHECK_FALSE(bench.delivered({IpAddress::v4(192, 0, 2, 1), 7000}, assigned));

  bench.ask({.options = filter_option({}, 0, 0) + filter_option(other, 128, 1)});
  CHECK_FALSE(bench.delivered(stranger, assigned));
  CHECK(bench.delivered({other, 1}, assigned));
  bench.ask({.options = filter_option({}, 0, 0)});
  CHECK(bench.delivered(stranger, assigned));
}

TEST_CASE("pcp: filters that cannot be are refused and change nothing", "[portmap][rfc6887-13.3]") {
  Bench bench;
  const TransportAddress assigned = bench.ask({}).assigned();
  const ByteVector good = filter_option(stranger.ip, 128, 1);
  CHECK(bench.ask({.options = good + filter_option(stranger.ip, 95, 0)}).result() ==
        Result::malformed_option);
  CHECK(bench.ask({.options = good + filter_option(stranger.ip, 129, 0)}).result() ==
        Result::malformed_option);
  CHECK(bench.ask({.lifetime = 0, .options = good}).result() == Result::malformed_option);
  ByteVector many;
  for (int i = 0; i < 17; ++i) many = many + good;
  const Response refused = bench.ask({.options = many});
  CHECK(refused.result() == Result::excessive_remote_peers);
  CHECK(bench.delivered(stranger, assigned));
}

TEST_CASE("pcp: options that are not known", "[portmap][rfc6887-7.3]") {
  Bench bench;
  CHECK(bench.ask({.options = option(4, {})}).result() == Result::unsupp_option);
  CHECK(bench.ask({.options = option(127, {1})}).result() == Result::unsupp_option);
  CHECK(bench.ask({.opcode = 0, .options = option(2, {})}).result() == Result::unsupp_option);
  const Response ignored = bench.ask({.options = option(128, {1, 2, 3}) + option(255, {})});
  CHECK(ignored.result() == Result::success);
  CHECK(ignored.bytes.size() == 60);
}

TEST_CASE("pcp: options whose structure is wrong", "[portmap][rfc6887-7.3]") {
  Bench bench;
  CHECK(bench.ask({.options = {128, 0, 0, 1}}).result() == Result::malformed_option);
  CHECK(bench.ask({.options = {2, 0, 0xff, 0xff}}).result() == Result::malformed_option);
  // The structure counts before what an option says.
  CHECK(bench.ask({.options = option(4, {}) + ByteVector{2, 0, 0, 8}}).result() ==
        Result::malformed_option);
  CHECK(bench.ask({.suggested = {external, 1}, .options = option(2, {1})}).result() ==
        Result::malformed_option);
  CHECK(bench.ask({.suggested = {external, 1}, .options = prefer_failure + prefer_failure})
            .result() == Result::malformed_option);
  CHECK(bench.ask({.options = option(3, ByteVector(16))}).result() == Result::malformed_option);
  CHECK(bench.nat.mapping_count() == 0);
}

}  // namespace stile::nat::portmap::test
