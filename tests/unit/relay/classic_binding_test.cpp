#include <catch2/catch.hpp>

#include "tests/unit/relay/any_attribute.hpp"
#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Class;
using stun::Method;

namespace {

constexpr std::uint32_t no_cookie = 0xc1a551c0;

/// A message of RFC 3489: its transaction id begins where the cookie stands now.
template <class... Attributes>
ByteVector classic(Client& client, Class message_class, Method method,
                   const Attributes&... attributes) {
  ByteVector message = client.build(message_class, method, false, attributes...);
  store_u32(message.data() + 4, no_cookie);
  return message;
}

stun::MessageView view(const Reaction& reaction) {
  return stun::MessageView::parse_classic(reaction.message).value();
}

}  // namespace

TEST_CASE(
    "relay: a client of RFC 3489 is told MAPPED-ADDRESS under its transaction id, and no more",
    "[relay][rfc8489-12][rfc5389-12.2]") {
  Server server;
  for (const char* address : {"192.0.2.7:40000", "[2001:db8::7]:40000"}) {
    Client client(server, address);
    const ByteVector request = classic(client, Class::request, Method::binding);
    const Reaction answer = server.client_sends(client.five_tuple, request);
    REQUIRE(answer.to_client == client.five_tuple);
    CHECK(view(answer).message_class() == Class::success_response);
    CHECK(load_u32(answer.message.data() + 4) == no_cookie);
    CHECK(view(answer).transaction_id() == view({.message = request}).transaction_id());
    CHECK(view(answer).get<stun::MappedAddress>()->address == client.five_tuple.client);
    int attributes = 0;
    view(answer).for_each([&](const stun::AttributeView&) { ++attributes; });
    CHECK(attributes == 1);
  }
  CHECK(server.counters().binding_requests == 2);
}

TEST_CASE("relay: what a client of RFC 3489 cannot have is listed in whole words",
          "[relay][rfc5389-12.2][rfc3489-11.2]") {
  Server server;
  Client client(server);
  const AnyAttribute response_address{AttributeType{0x0002}, ByteVector(8)};
  const Reaction answer = server.client_sends(
      client.five_tuple, classic(client, Class::request, Method::binding, response_address));
  CHECK(view(answer).get<stun::ErrorCode>()->number == 420);
  CHECK(view(answer).get<stun::UnknownAttributes>()->types ==
        std::vector(2, AttributeType{0x0002}));
  CHECK(load_u32(answer.message.data() + 4) == no_cookie);
}

TEST_CASE("relay: CHANGE-REQUEST of a client of RFC 3489 is unknown unless it changes nothing",
          "[relay][rfc5389-12.2]") {
  Server server;
  Client client(server);
  const auto answer_to = [&](const stun::ChangeRequest& change) {
    return server.client_sends(client.five_tuple,
                               classic(client, Class::request, Method::binding, change));
  };
  CHECK(view(answer_to({})).get<stun::MappedAddress>());
  CHECK(view(answer_to({.change_ip = true})).get<stun::ErrorCode>()->number == 420);
  CHECK(view(answer_to({.change_port = true})).get<stun::ErrorCode>()->number == 420);
}

TEST_CASE("relay: without the magic cookie nothing but a Binding request is answered",
          "[relay][rfc8489-6.3][rfc5389-12.2]") {
  Server server;
  Client client(server);
  for (const auto message_class :
       {Class::indication, Class::success_response, Class::error_response})
    CHECK(server.client_sends(client.five_tuple, classic(client, message_class, Method::binding))
              .nothing());
  for (const Method method : {Method::allocate, Method::refresh, Method{0x002}, Method{0x0ff}})
    CHECK(server.client_sends(client.five_tuple, classic(client, Class::request, method, udp))
              .nothing());
  CHECK(server.counters().not_understood == 7);
}

TEST_CASE("relay: a request without the magic cookie gets 500 over DTLS", "[relay][rfc8489-11]") {
  Server server;
  Client client(server);
  client.over(Transport::dtls);
  for (const Method method : {Method::binding, Method::allocate}) {
    const Reaction answer =
        server.client_sends(client.five_tuple, classic(client, Class::request, method));
    REQUIRE(answer.to_client == client.five_tuple);
    CHECK(view(answer).get<stun::ErrorCode>()->number == 500);
  }
  CHECK(server.client_sends(client.five_tuple, classic(client, Class::indication, Method::binding))
            .nothing());
}

TEST_CASE("relay: answers to clients of RFC 3489 are limited as all that anybody can draw are",
          "[relay][limits]") {
  Config config = usual_config();
  config.unauthenticated = {.per_second = 10, .burst = 3};
  Server server(config);
  Client client(server);
  int answers = 0;
  for (int i = 0; i < 10; ++i)
    answers +=
        !server.client_sends(client.five_tuple, classic(client, Class::request, Method::binding))
             .nothing();
  CHECK(answers == 3);
}

TEST_CASE("relay: a message of RFC 3489 that is cut anywhere is dropped", "[relay][rfc8489-6.3]") {
  Server server;
  Client client(server);
  const ByteVector whole = classic(client, Class::request, Method::binding,
                                   AnyAttribute{AttributeType{0x8022}, {1, 2, 3}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(server.client_sends(client.five_tuple, Bytes(whole).first(size)).nothing());
  CHECK_FALSE(server.client_sends(client.five_tuple, whole).nothing());
}
