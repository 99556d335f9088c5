#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress inside{inside_1, 5000};
const TransportAddress e1p{outside_1, 7000};
const TransportAddress e2p{outside_2, 7000};

Config strict_filter() {
  Config config = default_config();
  config.filtering = Behavior::address_and_port_dependent;
  return config;
}

MapRequest request_for(const Bench& bench, Protocol protocol = Protocol::udp,
                       Duration lifetime = 600s) {
  MapRequest request;
  request.protocol = protocol;
  request.inside = inside;
  request.terms.until = bench.now + lifetime;
  return request;
}

TransportAddress map(Bench& bench, const MapRequest& request) {
  const auto mapped = bench.nat.map(bench.now, request);
  REQUIRE(mapped);
  bench.drain_events();
  return mapped->info.external;
}

ExplicitRefusal refusal_of(Bench& bench, const MapRequest& request) {
  const auto mapped = bench.nat.map(bench.now, request);
  REQUIRE_FALSE(mapped);
  return mapped.error();
}

}  // namespace

TEST_CASE("nat: a mapping that was asked for lets everybody in and leaves from its port",
          "[nat][rfc6887-11.3][rfc6886-3.3]") {
  Bench bench(strict_filter());
  MapRequest request = request_for(bench);
  request.suggested.port = 8000;
  const TransportAddress external = map(bench, request);
  CHECK(external == TransportAddress{nat_external, 8000});
  CHECK(bench.delivered(e1p, external));
  CHECK(bench.delivered(e2p, external));
  CHECK(bench.seen(inside, e1p) == external);
  CHECK_FALSE(bench.tcp_in(e1p, external, tcp_flag::ack).passed());
  CHECK(bench.nat.mapping_count() == 1);
}

TEST_CASE("nat: an explicit mapping ends with its lifetime, or at its host's request",
          "[nat][rfc6887-15]") {
  Bench bench;
  const TransportAddress external = map(bench, request_for(bench));
  bench.wait(599s);
  CHECK(bench.delivered(e1p, external));
  bench.wait(1s);
  CHECK_FALSE(bench.delivered(e1p, external));
  CHECK(bench.nat.mapping_count() == 0);

  map(bench, request_for(bench));
  CHECK(bench.nat.unmap(bench.now, Protocol::udp, inside));
  CHECK_FALSE(bench.nat.unmap(bench.now, Protocol::udp, inside));
  bench.drain_events();
  CHECK(std::get<MappingCreated>(bench.events.front()).is_explicit);
  const auto& ended = std::get<MappingEnded>(bench.events.back());
  CHECK(ended.reason == EndReason::deleted);
  CHECK(ended.is_explicit);
}

TEST_CASE("nat: a lifetime may be prolonged and shortened", "[nat][rfc6887-15]") {
  Bench bench;
  const TransportAddress external = map(bench, request_for(bench, Protocol::udp, 100s));
  CHECK(map(bench, request_for(bench, Protocol::udp, 1000s)) == external);
  bench.wait(500s);
  CHECK(bench.delivered(e1p, external));
  map(bench, request_for(bench, Protocol::udp, 100s));
  bench.wait(101s);
  CHECK_FALSE(bench.delivered(e1p, external));
}

TEST_CASE("nat: what was suggested is given if it is free", "[nat][rfc6887-11.3]") {
  Bench bench;
  bench.seen({inside_2, 8000}, e1p);
  MapRequest request = request_for(bench);
  request.suggested = {nat_external, 8000};
  request.exactly = true;
  CHECK(refusal_of(bench, request) == ExplicitRefusal::external_unavailable);
  CHECK(bench.nat.mapping_count() == 1);
  request.exactly = false;
  const TransportAddress other = map(bench, request);
  CHECK(other.port != 8000);

  request.exactly = true;  // it has another one now
  CHECK(refusal_of(bench, request) == ExplicitRefusal::external_unavailable);
  request.suggested = other;
  CHECK(map(bench, request) == other);
}

TEST_CASE("nat: a suggestion that is no address of the NAT does no harm, and fails if it must hold",
          "[nat][rfc6887-11.3][rfc6887-13.2]") {
  for (const char* address : {"192.0.2.99:8000", "127.0.0.1:8000", "[2001:db8::1]:8000"}) {
    Bench bench;
    MapRequest request = request_for(bench);
    request.suggested = at(address);
    request.exactly = true;
    CHECK(refusal_of(bench, request) == ExplicitRefusal::external_unavailable);
    request.exactly = false;
    CHECK(map(bench, request).ip == nat_external);
  }
}

TEST_CASE("nat: a mapping of traffic keeps its port when it is asked for, and outlives that",
          "[nat][rfc6887-11.3]") {
  Bench bench(strict_filter());
  const TransportAddress external = bench.seen(inside, e1p);
  MapRequest request = request_for(bench, Protocol::udp, 120s);
  request.suggested.port = 9000;
  CHECK(map(bench, request) == external);
  CHECK(bench.delivered(e2p, external));
  bench.wait(100s);
  CHECK(bench.nat.idle_until(Protocol::udp, inside) == bench.now + 200s);
  bench.wait(20s);  // the terms end, the session has three minutes left
  CHECK_FALSE(bench.delivered(e2p, external));
  CHECK(bench.delivered(e1p, external));
  CHECK(bench.seen(inside, e1p) == external);
}

TEST_CASE("nat: an explicit mapping stays when its connections close", "[nat][rfc6887-15.1]") {
  Bench bench;
  const TransportAddress external = map(bench, request_for(bench, Protocol::tcp, 3600s));
  bench.tcp_in(e1p, external, tcp_flag::syn);
  bench.tcp_out(inside, e1p, tcp_flag::syn | tcp_flag::ack);
  bench.tcp_in(e1p, external, tcp_flag::rst);
  bench.wait(300s);
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.tcp_in(e2p, external, tcp_flag::syn).passed());
}

TEST_CASE("nat: filters admit whom they name", "[nat][rfc6887-13.3]") {
  Bench bench;
  MapRequest request = request_for(bench);
  request.terms.filters = {{*IpPrefix::parse("198.51.100.1"), 0},
                           {*IpPrefix::parse("198.51.100.2"), 7001}};
  const TransportAddress external = map(bench, request);
  CHECK(bench.delivered(e1p, external));
  CHECK_FALSE(bench.delivered(e2p, external));
  CHECK(bench.delivered({outside_2, 7001}, external));
  bench.seen(inside, e2p);  // whom the host writes to may answer
  CHECK(bench.delivered(e2p, external));
  request.terms.filters.assign(17, {*IpPrefix::parse("198.51.100.0/24"), 0});
  CHECK(refusal_of(bench, request) == ExplicitRefusal::too_many_filters);
  CHECK_FALSE(bench.delivered({outside_2, 7002}, external));
}

TEST_CASE("nat: a forward is answered as it is", "[nat][rfc6887-11.3]") {
  Config config = default_config();
  config.forwards = {{Protocol::udp, std::nullopt, 53, 1, inside}};
  Bench bench(config);
  const auto mapped = bench.nat.map(bench.now, request_for(bench));
  REQUIRE(mapped);
  CHECK(mapped->info.is_forward);
  CHECK(mapped->info.external == TransportAddress{nat_external, 53});
  CHECK_FALSE(bench.nat.unmap(bench.now, Protocol::udp, inside));
}

TEST_CASE("nat: explicit mappings count against the limits", "[nat][rfc6887-11.3]") {
  Config config = default_config();
  config.ports_per_host = 1;
  Bench bench(config);
  map(bench, request_for(bench));
  MapRequest request = request_for(bench, Protocol::tcp);
  CHECK(refusal_of(bench, request) == ExplicitRefusal::quota);

  config.ports_per_host = 0;
  config.max_mappings = 1;
  Bench small(config);
  map(small, request_for(small));
  CHECK(refusal_of(small, request) == ExplicitRefusal::resources);
}

TEST_CASE("nat: the port of an explicit mapping is held for its host", "[nat][rfc6887-15]") {
  Bench bench(strict_filter());
  MapRequest request = request_for(bench, Protocol::tcp);
  request.suggested.port = 8000;
  map(bench, request);
  bench.nat.unmap(bench.now, Protocol::tcp, inside);
  MapRequest other = request;
  other.inside = {inside_2, 5000};
  other.exactly = true;
  CHECK(refusal_of(bench, other) == ExplicitRefusal::external_unavailable);
  CHECK(map(bench, request).port == 8000);
  bench.nat.unmap(bench.now, Protocol::tcp, inside);
  bench.wait(120s);
  other.terms.until = bench.now + 600s;
  CHECK(map(bench, other).port == 8000);
}

TEST_CASE("nat: the companion port is kept for the same host", "[nat][rfc6886-3.3]") {
  Bench bench;
  MapRequest request = request_for(bench);
  request.suggested.port = 8000;
  request.reserves_companion = true;
  map(bench, request);
  CHECK(bench.nat.mapping_count() == 1);
  MapRequest other = request;
  other.protocol = Protocol::tcp;
  other.inside = {inside_2, 8000};
  CHECK(map(bench, other).port != 8000);
  CHECK(bench.connect({inside_3, 8000}, e1p).port != 8000);

  MapRequest companion = request;
  companion.protocol = Protocol::tcp;
  CHECK(map(bench, companion).port == 8000);
  bench.nat.unmap(bench.now, Protocol::tcp, inside);  // kept, as the first one lives
  CHECK(map(bench, companion).port == 8000);
  bench.nat.unmap(bench.now, Protocol::tcp, inside);
  bench.nat.unmap(bench.now, Protocol::udp, inside);
  other.inside = {inside_3, 9000};
  CHECK(map(bench, other).port == 8000);
}

TEST_CASE("nat: reserved UDP ports are nobody's", "[nat][rfc6887-11.3]") {
  Config config = default_config();
  config.reserved_udp_ports = {5350, 5351};
  Bench bench(config);
  CHECK(bench.seen({inside_1, 5351}, e1p).port != 5351);
  MapRequest request = request_for(bench);
  request.suggested.port = 5351;
  CHECK(map(bench, request).port != 5351);
}

TEST_CASE("nat: a flush and a lost address end explicit mappings", "[nat][rfc6887-8.5]") {
  Bench bench;
  const TransportAddress external = map(bench, request_for(bench));
  bench.nat.flush(bench.now);
  CHECK_FALSE(bench.delivered(e1p, external));
  map(bench, request_for(bench));
  bench.nat.set_external(bench.now, {ip("203.0.113.6")});
  CHECK(bench.nat.mapping_count() == 0);
  bench.wait(700s);
  CHECK(map(bench, request_for(bench)).ip == ip("203.0.113.6"));
}

TEST_CASE("nat: of many sessions of a mapping the longest timeout stands for what is not looked at",
          "[nat][rfc6887-15]") {
  Bench bench;
  bench.seen(inside, e1p);
  bench.wait(100s);
  CHECK(bench.nat.idle_until(Protocol::udp, inside) == bench.now + 200s);
  for (std::uint16_t port = 10000; port < 14200; ++port) bench.seen({inside_2, port}, e1p);
  CHECK(bench.nat.idle_until(Protocol::udp, inside) == bench.now + 200s);
  for (std::uint16_t port = 10000; port < 14200; ++port) bench.seen(inside, {outside_2, port});
  bench.wait(100s);
  bench.seen({inside_2, 10000}, e1p);
  CHECK(bench.nat.idle_until(Protocol::udp, inside) == bench.now + 300s);
}

TEST_CASE("nat: PEER makes the mapping that the first packet would have made",
          "[nat][rfc6887-12.3]") {
  Bench bench(strict_filter());
  const PeerRequest request{Protocol::udp, inside, e1p, {nat_external, 8000}, bench.now + 900s, {}};
  const auto peer = bench.nat.peer(bench.now, request);
  REQUIRE(peer);
  CHECK(peer->external == TransportAddress{nat_external, 8000});
  CHECK(peer->until == bench.now + 900s);
  CHECK(bench.seen(inside, e1p) == peer->external);  // nor does a packet shorten its life
  bench.wait(800s);
  CHECK(bench.delivered(e1p, peer->external));
  CHECK_FALSE(bench.delivered(e2p, peer->external));
  bench.wait(101s);
  CHECK_FALSE(bench.delivered(e1p, peer->external));
}

TEST_CASE("nat: PEER tells of a session that traffic made, and prolongs it",
          "[nat][rfc6887-12.3]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  bench.wait(100s);
  PeerRequest request{Protocol::udp, inside, e1p, {nat_external, 8000}, bench.now, {1, 2, 3}};
  const auto asked = bench.nat.peer(bench.now, request);
  REQUIRE(asked);
  CHECK(asked->external == external);
  CHECK(asked->until == bench.now + 200s);
  CHECK(bench.nat.peer_of(Protocol::udp, inside, e1p)->nonce == MappingNonce{1, 2, 3});
  request.until = bench.now + 500s;
  CHECK(bench.nat.peer(bench.now, request)->until == bench.now + 500s);
}

TEST_CASE("nat: PEER does nothing where it cannot have what it suggests", "[nat][rfc6887-12.3]") {
  Bench bench;
  bench.seen({inside_2, 8000}, e1p);
  const PeerRequest taken{Protocol::udp, inside, e1p, {nat_external, 8000}, bench.now + 9s, {}};
  CHECK(bench.nat.peer(bench.now, taken).error() == ExplicitRefusal::external_unavailable);
  const PeerRequest foreign{Protocol::udp, inside, e1p, {ip("192.0.2.9"), 0}, bench.now + 9s, {}};
  CHECK(bench.nat.peer(bench.now, foreign).error() == ExplicitRefusal::external_unavailable);
  CHECK(bench.nat.session_count() == 1);
}

TEST_CASE("nat: what PEER prolonged ends with its connection", "[nat][rfc6887-12.3]") {
  Bench bench;
  const TransportAddress external = bench.connect(inside, e1p);
  const PeerRequest request{Protocol::tcp,      inside, e1p, {IpAddress::v4(0), 0},
                            bench.now + 20000s, {}};
  CHECK(bench.nat.peer(bench.now, request)->until == bench.now + 20000s);
  bench.tcp_out(inside, e1p, tcp_flag::fin | tcp_flag::ack);
  bench.tcp_in(e1p, external, tcp_flag::fin | tcp_flag::ack);
  bench.wait(241s);
  CHECK(bench.nat.session_count() == 0);
}

}  // namespace stile::nat::test
