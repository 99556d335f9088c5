#include <catch2/catch.hpp>

#include "tests/unit/relay/any_attribute.hpp"
#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Method;

namespace {

constexpr auto required = static_cast<AttributeType>(0x7ffe);
constexpr auto required_too = static_cast<AttributeType>(0x7ffd);
constexpr auto optional = static_cast<AttributeType>(0xfffe);

}  // namespace

TEST_CASE("relay: Binding answers with the address that asked",
          "[relay][rfc8489-12][rfc8489-14.2]") {
  Server server;
  for (const char* address : {"192.0.2.7:40000", "[2001:db8::7]:40000"}) {
    Client client(server, address);
    const ByteVector request = client.build(stun::Class::request, Method::binding, false);
    const Answer answer = client.send(request);
    REQUIRE(answer.ok());
    CHECK(answer.get<stun::XorMappedAddress>().address == client.five_tuple.client);
    CHECK(answer.view().transaction_id() == stun::MessageView::parse(request)->transaction_id());
    CHECK(answer.to() == client.five_tuple);
    CHECK(client.send(request).bytes() == answer.bytes());  // RFC 8489 §6.3.1: idempotent
  }
  CHECK(server.counters().binding_requests == 4);
}

TEST_CASE("relay: a Binding answer says no more than the address", "[relay][rfc8489-12]") {
  Server server;
  const Answer answer = Client(server).unsigned_request(Method::binding);
  CHECK(answer.bytes().size() == 20 + 12);
}

TEST_CASE("relay: what is not a STUN message is dropped", "[relay][rfc8489-6.3]") {
  Server server;
  Client client(server);
  const ByteVector good = client.build(stun::Class::request, Method::binding, false,
                                       AnyAttribute{optional, {1, 2, 3, 4}});
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(client.send(Bytes(good).first(size)).none());

  const auto bent = [&](std::size_t at, std::uint8_t value) {
    ByteVector bytes = good;
    bytes[at] = value;
    return client.send(bytes).none();
  };
  CHECK(bent(0, 0x80));         // the first two bits
  CHECK(bent(3, good[3] + 1));  // a length that is no multiple of 4
  CHECK(bent(3, good[3] + 4));  // longer than the datagram
  CHECK(bent(23, 5));           // an attribute that passes the end
  CHECK(server.counters().not_understood == good.size() + 4);
}

TEST_CASE("relay: unknown comprehension-required attributes are listed in a 420",
          "[relay][rfc8489-6.3.1]") {
  Server server;
  Client client(server);
  const Answer one = client.unsigned_request(Method::binding, AnyAttribute{required, {1}},
                                             AnyAttribute{optional, {}});
  CHECK(one.error() == 420);
  CHECK(one.get<stun::UnknownAttributes>().types == std::vector{required});
  const Answer two = client.unsigned_request(Method::binding, AnyAttribute{required, {}},
                                             AnyAttribute{required_too, {}});
  CHECK(two.get<stun::UnknownAttributes>().types == std::vector{required, required_too});
  CHECK(client.unsigned_request(Method::binding, AnyAttribute{optional, {1, 2, 3}}).ok());
}

TEST_CASE("relay: a 420 lists no more than sixteen attributes", "[relay][rfc8489-14.13]") {
  Server server;
  Client client(server);
  ByteVector buffer(4096);
  stun::MessageBuilder builder(buffer, stun::Class::request, Method::binding, {});
  for (std::uint16_t type = 0x7000; type < 0x7080; ++type)
    builder.add(static_cast<AttributeType>(type), {});
  const Answer answer = client.send(builder.finish());
  CHECK(answer.get<stun::UnknownAttributes>().types.size() == 16);
}

TEST_CASE("relay: FINGERPRINT is answered with FINGERPRINT, a wrong one with nothing",
          "[relay][rfc8489-14.7]") {
  Server server;
  Client client(server);
  client.fingerprint = true;
  ByteVector request = client.build(stun::Class::request, Method::binding, false);
  CHECK(client.send(request).has(AttributeType::fingerprint));
  request.back() ^= 1;
  CHECK(client.send(request).none());
  client.fingerprint = false;
  CHECK_FALSE(client.unsigned_request(Method::binding).has(AttributeType::fingerprint));
}

TEST_CASE("relay: a message whose FINGERPRINT is not the last is dropped",
          "[relay][rfc8489-14.7]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  ByteVector buffer(2048);
  stun::MessageBuilder builder(buffer, stun::Class::request, Method::allocate, {});
  builder.add(udp).add_fingerprint();
  client.add_credentials(builder);
  CHECK(client.send(builder.finish()).none());
  CHECK(server.open_sockets().empty());
}

TEST_CASE("relay: only requests are answered", "[relay][rfc8489-6.3.2]") {
  Server server;
  Client client(server);
  for (const auto message_class :
       {stun::Class::indication, stun::Class::success_response, stun::Class::error_response})
    CHECK(client.send(client.build(message_class, Method::binding, false)).none());
  CHECK(client.unsigned_request(static_cast<Method>(0x0ff)).none());
  CHECK(client.unsigned_request(Method::data).none());
  CHECK(server.counters().unexpected_messages == 4);
}

TEST_CASE("relay: padding is zero whatever was in the buffer before", "[relay][rfc8489-14]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate().ok());  // fills the response buffer
  const Answer answer = client.unsigned_request(Method::binding, AnyAttribute{required, {}});
  const auto unknown = answer.view().find(AttributeType::unknown_attributes);
  REQUIRE(unknown->value.size() == 2);
  CHECK(load_u16(answer.bytes().data() + unknown->offset + 6) == 0);
}

TEST_CASE("relay: without users and secrets only Binding is served", "[relay][rfc8656-7.2]") {
  Config config = usual_config();
  config.users.clear();
  Server server(config);
  Client client(server);
  CHECK(client.unsigned_request(Method::binding).ok());
  CHECK(client.unsigned_request(Method::allocate, udp).error() == 403);
}

TEST_CASE("relay: an explicitly open relay asks for no credentials", "[relay][rfc8656-7.2]") {
  Config config = usual_config();
  config.users.clear();
  config.allow_anonymous = true;
  Server server(config);
  Client client(server);
  const Answer answer = client.unsigned_request(Method::allocate, udp);
  REQUIRE(answer.ok());
  CHECK_FALSE(answer.has(AttributeType::message_integrity));
  CHECK(client.unsigned_request(Method::create_permission, stun::XorPeerAddress{peer_a}).ok());
}

TEST_CASE("relay: the clients of one network are one user of an open relay",
          "[relay][quota][rfc8656-7.2]") {
  Config config = usual_config();
  config.users.clear();
  config.allow_anonymous = true;
  config.user_quota = 2;
  Server server(config);
  const auto allocate = [&](const char* address) {
    return Client(server, address).unsigned_request(Method::allocate, udp).error();
  };
  CHECK(allocate("192.0.2.7:1") == 0);
  CHECK(allocate("192.0.2.8:1") == 0);
  CHECK(allocate("192.0.2.9:1") == 486);
  CHECK(allocate("192.0.3.9:1") == 0);
}
