#include <algorithm>

#include "tests/unit/nat/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const TransportAddress host = at("192.168.1.10:4000");
const TransportAddress server = at("198.51.100.1:7000");

std::vector<SessionInfo> sessions_of(const Bench& bench) {
  std::vector<SessionInfo> all;
  bench.nat.for_each_session(bench.now, [&](const SessionInfo& info) { all.push_back(info); });
  return all;
}

}  // namespace

TEST_CASE("nat: sessions go on in another NAT", "[nat][rfc6888-req8]") {
  Config config = default_config();
  config.ports = PortAssignment::random;
  Bench before(config);
  const TransportAddress udp = before.seen(host, server);
  const TransportAddress tcp = before.connect(host, at("198.51.100.1:80"));
  before.wait(100s);
  Bench after(config, 2);
  for (const SessionInfo& info : sessions_of(before)) CHECK(after.nat.restore(after.now, info));
  CHECK(after.nat.session_count() == 2);
  CHECK(after.delivered(server, udp));
  CHECK(after.seen(host, server) == udp);
  CHECK(after.tcp_in(at("198.51.100.1:80"), tcp, tcp_flag::ack, {.acknowledgment = 1})
            .destination() == host);
  const auto restored = sessions_of(after);
  REQUIRE(restored.size() == 2);
  CHECK(restored[1].tcp_state == TcpState::established);
}

TEST_CASE("nat: a restored session has the time that was left", "[nat][rfc4787-4.3]") {
  Bench before;
  const TransportAddress seen = before.seen(host, server);
  before.wait(200s);
  const auto sessions = sessions_of(before);
  REQUIRE(sessions.size() == 1);
  Bench after;
  CHECK(after.nat.restore(after.now, sessions[0]));
  after.wait(99s);
  CHECK(after.delivered(server, seen));
  after.wait(2s);
  CHECK(after.nat.session_count() == 0);
}

TEST_CASE("nat: a connection in each of its states is taken up again", "[nat][rfc7857-2]") {
  for (const TcpState state : {TcpState::opening, TcpState::established, TcpState::inside_fin,
                               TcpState::outside_fin, TcpState::closing, TcpState::reset}) {
    SessionInfo info;
    info.protocol = Protocol::tcp;
    info.inside = host;
    info.external = {nat_external, 5000};
    info.remote = server;
    info.tcp_state = state;
    info.time_left = 100s;
    Bench bench;
    REQUIRE(bench.nat.restore(bench.now, info));
    const auto restored = sessions_of(bench);
    REQUIRE(restored.size() == 1);
    CHECK(restored[0].tcp_state == state);
  }
}

TEST_CASE("nat: a restored session brings the block that its port lies in", "[nat][rfc6888-req8]") {
  Config config = default_config();
  config.ports = PortAssignment::block;
  config.block_size = 256;
  config.new_ports_per_second = 1;
  Bench before(config);
  const TransportAddress seen = before.seen(host, server);
  const TransportAddress other = before.seen({inside_2, 4000}, server);
  Bench after(config, 2);
  const auto sessions = sessions_of(before);
  REQUIRE(sessions.size() == 2);
  for (const SessionInfo& info : sessions) CHECK(after.nat.restore(after.now, info));
  CHECK(after.seen(host, server) == seen);
  CHECK(after.seen({inside_2, 4000}, server) == other);
  after.wait(2s);
  // What the host opens from now on lies in the same block, and nobody else's does.
  const auto block_of = [](const TransportAddress& each) { return (each.port - 1024) / 256; };
  CHECK(block_of(after.seen({inside_3, 4001}, server)) != block_of(seen));
  CHECK(block_of(after.seen({host.ip, 4001}, server)) == block_of(seen));
  after.drain_events();
  CHECK(std::ranges::count_if(after.events, [](const Event& event) {
          return std::holds_alternative<PortBlockAssigned>(event);
        }) == 3);
}

TEST_CASE("nat: what cannot be restored is left out", "[nat]") {
  SessionInfo info;
  info.inside = host;
  info.external = {nat_external, 4000};
  info.remote = server;
  info.time_left = 100s;
  Bench bench;
  CHECK(bench.nat.restore(bench.now, info));
  CHECK_FALSE(bench.nat.restore(bench.now, info));
  info.remote.port = 7001;
  info.external.port = 4001;
  CHECK_FALSE(bench.nat.restore(bench.now, info));  // the mapping has another port
  info.inside.ip = inside_2;
  info.external.port = 4000;
  CHECK_FALSE(bench.nat.restore(bench.now, info));  // the port is another host's
  info.external = {ip("203.0.113.99"), 4000};
  CHECK_FALSE(bench.nat.restore(bench.now, info));  // the address is not the NAT's
  info.external = {nat_external, 4444};
  info.time_left = Duration::zero();
  CHECK_FALSE(bench.nat.restore(bench.now, info));
  CHECK(bench.nat.session_count() == 1);
}
