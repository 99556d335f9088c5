#include <set>

#include "nat/core/deterministic_ports.hpp"
#include "tests/unit/nat/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

/// RFC 7422 §2.3: 14 subscribers and two shares for blocks at one address.
Config example() {
  Config config = default_config();
  config.external = {ip("192.0.2.1")};
  config.ports = PortAssignment::deterministic;
  config.subscribers = {ip("198.51.100.1").v4_bits(), ip("198.51.100.14").v4_bits()};
  config.dynamic_factor = 2;
  config.block_size = 100;
  config.blocks_per_host = 10;
  return config;
}

const IpAddress subscriber = ip("198.51.100.2");

std::vector<PortBlock> blocks_in(const std::vector<Event>& events) {
  std::vector<PortBlock> blocks;
  for (const Event& event : events)
    if (const auto* block = std::get_if<PortBlockAssigned>(&event)) blocks.push_back(*block);
  return blocks;
}

}  // namespace

TEST_CASE("deterministic ports: the example of the RFC", "[nat][rfc7422-2.3]") {
  const DeterministicPorts ports(example());
  CHECK(ports.ports_per_subscriber() == 4032);
  const auto first = ports.share_of(ip("198.51.100.1").v4_bits());
  REQUIRE(first);
  CHECK(first->ports.first == 1024);
  CHECK(first->ports.last == 5055);
  const auto last = ports.share_of(ip("198.51.100.14").v4_bits());
  REQUIRE(last);
  CHECK(last->ports.first == 53440);
  CHECK(last->ports.last == 57471);
  CHECK(ports.dynamic_ports().first == 57472);
  CHECK(ports.dynamic_ports().last == 65535);
  CHECK(ports.owner_of(0, 2001) == ip("198.51.100.1").v4_bits());
  CHECK_FALSE(ports.owner_of(0, 58204));
}

TEST_CASE("deterministic ports: the second function is the inverse of the first, for all ports",
          "[nat][rfc7422-2]") {
  Config config = example();
  config.external = {ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.3")};
  config.subscribers = {ip("100.64.0.0").v4_bits(), ip("100.64.0.100").v4_bits()};
  const DeterministicPorts ports(config);
  std::uint64_t owned = 0;
  for (std::uint32_t inside = config.subscribers.first; inside <= config.subscribers.last;
       ++inside) {
    const auto share = ports.share_of(inside);
    REQUIRE(share);
    REQUIRE(share->external < 3);
    for (std::uint32_t port = share->ports.first; port <= share->ports.last; ++port)
      if (ports.owner_of(share->external, static_cast<std::uint16_t>(port)) == inside) ++owned;
  }
  CHECK(owned == std::uint64_t{101} * ports.ports_per_subscriber());
  CHECK_FALSE(ports.share_of(config.subscribers.last + 1));
  CHECK_FALSE(ports.owner_of(0, 1023));
}

TEST_CASE("nat: a subscriber's ports lie in its share, and nothing of that is told as a block",
          "[nat][rfc7422-2]") {
  Bench bench(example());
  for (std::uint16_t port = 1; port <= 200; ++port) {
    const TransportAddress seen = bench.seen({subscriber, port}, at("203.0.113.9:80"));
    CHECK(seen.ip == ip("192.0.2.1"));
    CHECK(seen.port >= 5056);
    CHECK(seen.port <= 9087);
  }
  CHECK(blocks_in(bench.events).empty());
}

TEST_CASE("nat: beyond its share a subscriber has blocks, which are told of", "[nat][rfc7422-2]") {
  Config config = example();
  config.port_max = 1024 + 16 * 10 - 1;  // ten ports for each
  config.block_size = 5;
  config.blocks_per_host = 2;
  Bench bench(config);
  for (std::uint16_t port = 1; port <= 20; ++port)
    CHECK(bench.udp_out({subscriber, port}, at("203.0.113.9:80")).passed());
  CHECK_FALSE(bench.udp_out({subscriber, 21}, at("203.0.113.9:80")).passed());
  const auto blocks = blocks_in(bench.events);
  REQUIRE(blocks.size() == 2);
  CHECK(blocks[0].inside == subscriber);
  CHECK(blocks[0].external == ip("192.0.2.1"));
  CHECK(blocks[0].first == 1024 + 14 * 10);
  CHECK(blocks[0].last == blocks[0].first + 4);
  CHECK(bench.nat.counters().refused_no_port == 1);
}

TEST_CASE("nat: who is no subscriber has no share", "[nat][rfc7422-2]") {
  Bench bench(example());
  CHECK_FALSE(bench.udp_out(at("198.51.100.15:9"), at("203.0.113.9:80")).passed());
  CHECK(bench.nat.counters().refused_no_address == 1);
}

TEST_CASE("nat: deterministic settings that cannot work are refused", "[nat][rfc7422-2]") {
  Config config = example();
  config.subscribers = {};
  CHECK(problem_with(config) == "deterministic ports need a range of subscribers");
  config.subscribers = {0x64400000, 0x6440ffff};
  config.port_max = 2000;
  CHECK(problem_with(config) == "there are more subscribers than ports for them");
}

TEST_CASE("nat: blocks are told of when they are given and when they are released",
          "[nat][rfc6888-4]") {
  Config config = default_config();
  config.ports = PortAssignment::block;
  config.block_size = 4;
  Bench bench(config);
  for (std::uint16_t port = 1; port <= 5; ++port)
    bench.seen({inside_1, port}, at("198.51.100.1:80"));
  CHECK(blocks_in(bench.events).size() == 2);
  bench.wait(301s);
  std::size_t released = 0;
  for (const Event& event : bench.events)
    if (const auto* block = std::get_if<PortBlockReleased>(&event)) {
      ++released;
      CHECK(block->inside == inside_1);
      CHECK(block->external == nat_external);
      CHECK(block->last - block->first == 3);
    }
  CHECK(released == 2);
}

TEST_CASE("nat: sessions are told of only if that is asked for", "[nat][rfc6888-req12]") {
  const auto sessions_in = [](const std::vector<Event>& events) {
    return std::ranges::count_if(events, [](const Event& event) {
      return std::holds_alternative<SessionCreated>(event) ||
             std::holds_alternative<SessionEnded>(event);
    });
  };
  Bench quiet;
  quiet.seen({inside_1, 9}, at("198.51.100.1:80"));
  quiet.wait(301s);
  CHECK(sessions_in(quiet.events) == 0);

  Config config = default_config();
  config.session_events = true;
  Bench bench(config);
  bench.seen({inside_1, 9}, at("198.51.100.1:80"));
  bench.seen({inside_1, 9}, at("198.51.100.2:80"));
  bench.wait(301s);
  CHECK(sessions_in(bench.events) == 4);
}

TEST_CASE("nat: one host has one external address in all protocols", "[nat][rfc6888-req2]") {
  Config config = default_config();
  config.external = {ip("203.0.113.5"), ip("203.0.113.6"), ip("203.0.113.7"), ip("203.0.113.8")};
  Bench bench(config);
  for (const IpAddress& host : {inside_1, inside_2, inside_3}) {
    const IpAddress udp = bench.seen({host, 4000}, at("198.51.100.1:80")).ip;
    CHECK(bench.connect({host, 4000}, at("198.51.100.2:80")).ip == udp);
    CHECK(bench.echo_out(host, outside_1, 3).source().ip == udp);
  }
}

TEST_CASE("nat: a pool need not be contiguous", "[nat][rfc6888-req3]") {
  Config config = default_config();
  config.external = {ip("198.18.0.1"), ip("198.18.0.7"), ip("203.0.113.64")};
  Bench bench(config);
  std::set<IpAddress> used;
  for (std::uint8_t last = 10; last < 13; ++last)
    used.insert(bench.seen({IpAddress::v4(192, 168, 1, last), 1}, at("198.51.100.1:80")).ip);
  CHECK(used.size() == 3);
}

TEST_CASE("nat: identifiers of ICMP count against a host's limit", "[nat][rfc6888-req4]") {
  Config config = default_config();
  config.ports_per_host = 2;
  Bench bench(config);
  CHECK(bench.echo_out(inside_1, outside_1, 1).passed());
  CHECK(bench.udp_out({inside_1, 1}, at("198.51.100.1:80")).passed());
  CHECK_FALSE(bench.echo_out(inside_1, outside_1, 2).passed());
  CHECK(bench.echo_out(inside_2, outside_1, 2).passed());
}
