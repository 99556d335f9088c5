#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Method;

// What can be drawn out of the server by somebody who gives another one's address as his own: over
// UDP only, since over TCP, TLS and DTLS he has shown that answers reach him.

namespace {

/// An answer that needs no credentials, and the request that draws it.
struct Drawn {
  const char* what;
  int error;    ///< 0: a success
  double most;  ///< bytes of the answer for one of the request, as they are on an IPv4 wire
  ByteVector request;
};

ByteVector with(Method method, AttributeType type, Bytes value) {
  ByteVector buffer(256);
  stun::MessageBuilder builder(buffer, stun::Class::request, method, {});
  builder.add(type, value);
  return copy_of(builder.finish());
}

ByteVector unsigned_request(Client& client, Method method) {
  return client.build(stun::Class::request, method, false);
}

std::vector<Drawn> everything(Server& server) {
  Client client(server), guesser(server), late(server);
  guesser.fetch_challenge();
  guesser.password = "wrong";
  late.fetch_challenge();
  late.nonce.back() = late.nonce.back() == 'A' ? 'B' : 'A';
  const std::array<std::uint8_t, 20> digest{};
  constexpr double challenge = 2.4;
  std::vector<Drawn> all{
      {"Binding", 0, 1.25, unsigned_request(client, Method::binding)},
      {"Binding with an attribute that is unknown", 420, 1.25,
       with(Method::binding, AttributeType{0x7f00}, {})},
      {"a request without USERNAME", 400, 1,
       with(Method::allocate, AttributeType::message_integrity, digest)},
      {"a wrong password", 401, 1,
       guesser.build(stun::Class::request, Method::allocate, true, udp)},
      {"a nonce of another", 438, 1, late.build(stun::Class::request, Method::allocate, true, udp)},
      {"Allocate", 401, challenge,
       client.build(stun::Class::request, Method::allocate, false, udp)},
  };
  for (const Method method : {Method::refresh, Method::create_permission, Method::channel_bind,
                              Method::connect, Method::connection_bind})
    all.push_back({"a request of an allocation", 401, 2.6, unsigned_request(client, method)});
  return all;
}

std::size_t on_the_wire(Bytes datagram) {
  return datagram.size() + 20 + 8;  // IPv4, UDP
}

}  // namespace

TEST_CASE("amplification: each answer to a stranger over UDP is little more than was asked",
          "[relay][amplification]") {
  Server server;
  for (const Drawn& each : everything(server)) {
    INFO(each.what);
    const Answer answer = Client(server).send(each.request);
    REQUIRE_FALSE(answer.none());
    CHECK((answer.ok() ? 0 : answer.error()) == each.error);
    CHECK(static_cast<double>(on_the_wire(answer.bytes())) <=
          each.most * static_cast<double>(on_the_wire(each.request)));
    CHECK_FALSE(answer.has(AttributeType::software));
    CHECK((each.error == 0 || answer.get<stun::ErrorCode>().reason.empty()));
  }
}

TEST_CASE("amplification: a server that relays for nobody answers with less than was asked",
          "[relay][amplification]") {
  Config config = usual_config();
  config.users.clear();
  Server server(config);
  Client client(server);
  const ByteVector request = client.build(stun::Class::request, Method::allocate, false, udp);
  const Answer answer = client.send(request);
  CHECK(answer.error() == 403);
  CHECK(answer.bytes().size() <= request.size());
}

TEST_CASE("amplification: with behaviour discovery twice what was asked",
          "[relay][amplification][rfc5780-6.1]") {
  Config config = usual_config();
  config.behavior_discovery =
      BehaviorDiscovery{listener, *TransportAddress::parse("198.51.100.2:3479")};
  Server server(config);
  Client client(server);
  const ByteVector request = unsigned_request(client, Method::binding);
  const Answer answer = client.send(request);
  REQUIRE(answer.ok());
  CHECK(on_the_wire(answer.bytes()) <= 2 * on_the_wire(request));
}

TEST_CASE("amplification: a network that has drawn too much gets silence, whatever it asks",
          "[relay][amplification]") {
  Config config = usual_config();
  config.unauthenticated = {.per_second = 1, .burst = 5};
  Server server(config);
  const auto all = everything(server);  // draws two challenges
  for (int i = 0; i < 3; ++i) CHECK_FALSE(Client(server).send(all.front().request).none());
  for (const Drawn& each : all) {
    INFO(each.what);
    CHECK(Client(server).send(each.request).none());
    CHECK(Client(server, "192.0.2.200:1").send(each.request).none());
    CHECK_FALSE(Client(server).over_tcp().send(each.request).none());
  }
  CHECK(server.counters().rate_limited == 2 * all.size());
}

TEST_CASE("amplification: nothing is kept of those who have shown no credentials",
          "[relay][amplification]") {
  Config config = usual_config();
  config.unauthenticated = {.per_second = 0};
  auto resources = std::make_shared<Resources>(config);
  Server server(config, resources);
  const auto drawn = everything(server);
  for (int i = 1; i < 1000; ++i) {
    Client stranger(server, "192.0.2.7:" + std::to_string(i));
    for (const Drawn& each : drawn) stranger.send(each.request);
  }
  CHECK(server.asked_for.empty());
  CHECK(server.relay().poll_timeout() == never);
  CHECK(resources->allocations(server.now) == 0);
  server.relay().for_each_allocation([](const AllocationInfo&) { FAIL("an allocation"); });
}
