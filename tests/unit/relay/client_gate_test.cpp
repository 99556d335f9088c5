#include "server/core/client_gate.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {

ClientRules rules(std::vector<const char*> allow, std::vector<const char*> deny) {
  ClientRules all;
  for (const char* text : allow) all.allow.push_back(*IpPrefix::parse(text));
  for (const char* text : deny) all.deny.push_back(*IpPrefix::parse(text));
  return all;
}

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

}  // namespace

TEST_CASE("client gate: without rules everybody is served", "[relay][client-gate]") {
  for (const char* each : {"10.0.0.1", "127.0.0.1", "198.51.100.1", "2001:db8::1", "::1"})
    CHECK(ClientGate({}).admits(ip(each)));
}

TEST_CASE("client gate: the longest prefix decides, of equal ones deny", "[relay][client-gate]") {
  const ClientGate gate(rules({"192.0.2.128/25", "203.0.113.0/24", "2001:db8:1::/48"},
                              {"192.0.2.0/24", "192.0.2.200", "203.0.113.0/24", "2001:db8::/32"}));
  CHECK_FALSE(gate.admits(ip("192.0.2.1")));
  CHECK(gate.admits(ip("192.0.2.129")));
  CHECK_FALSE(gate.admits(ip("192.0.2.200")));
  CHECK_FALSE(gate.admits(ip("::ffff:192.0.2.1")));
  CHECK_FALSE(gate.admits(ip("203.0.113.7")));
  CHECK_FALSE(gate.admits(ip("2001:db8:2::1")));
  CHECK(gate.admits(ip("2001:db8:1::1")));
  CHECK(gate.admits(ip("198.51.100.1")));
}

TEST_CASE("client gate: some networks only", "[relay][client-gate]") {
  const ClientGate gate(rules({"192.0.2.0/24"}, {"0.0.0.0/0", "::/0"}));
  CHECK(gate.admits(ip("192.0.2.1")));
  CHECK_FALSE(gate.admits(ip("198.51.100.1")));
  CHECK_FALSE(gate.admits(ip("2001:db8::1")));
}

TEST_CASE("client gate: who is denied gets no answer, with credentials or without",
          "[relay][client-gate]") {
  Config config = usual_config();
  config.clients = rules({}, {"192.0.2.0/24"});
  Server server(config);
  Client denied(server), other(server, "198.51.100.7:1");
  CHECK(denied.unsigned_request(Method::binding).none());
  CHECK(denied.unsigned_request(Method::allocate, udp).none());
  for (const Transport each : {Transport::tcp, Transport::tls, Transport::dtls})
    CHECK(Client(server).over(each).unsigned_request(Method::binding).none());
  CHECK(other.unsigned_request(Method::binding).ok());
  CHECK(other.allocate().ok());
  CHECK(server.counters().denied_clients == 5);
}

TEST_CASE("config: the allocations of clients that are denied now end, the others stay",
          "[relay][config][client-gate]") {
  Server server;
  Client denied(server), other(server, "198.51.100.7:1");
  TcpClient over_tcp(server, "192.0.2.9:1");
  const TransportAddress relayed = denied.allocate().relayed();
  REQUIRE(other.allocate().ok());
  over_tcp.allocate_tcp();
  over_tcp.connection_with(peer_a);
  server.reconfigure([](Config& config) { config.clients = rules({}, {"192.0.2.0/24"}); });
  CHECK_FALSE(server.is_open(relayed));
  CHECK(server.closed.size() == 1);
  CHECK(server.counters().allocations_now == 1);
  CHECK(denied.refresh().none());
  CHECK(other.refresh().ok());
  server.reconfigure([](Config& config) { config.clients = {}; });
  CHECK(denied.allocate().ok());
}
