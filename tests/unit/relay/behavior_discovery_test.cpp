#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Method;

namespace {

const TransportAddress primary = listener;
const TransportAddress alternate = *TransportAddress::parse("198.51.100.2:3479");

Config discovering() {
  Config config = usual_config();
  config.behavior_discovery = BehaviorDiscovery{primary, alternate};
  return config;
}

}  // namespace

TEST_CASE("relay: each of the four sockets tells its own and the opposite address",
          "[relay][rfc5780-6.1]") {
  Server server(discovering());
  for (const IpAddress& ip : {primary.ip, alternate.ip})
    for (const std::uint16_t port : {primary.port, alternate.port}) {
      Client client(server);
      client.five_tuple.server = {ip, port};
      const Answer answer = client.unsigned_request(Method::binding);
      REQUIRE(answer.ok());
      CHECK(answer.get<stun::ResponseOrigin>().address == client.five_tuple.server);
      const TransportAddress other{ip == primary.ip ? alternate.ip : primary.ip,
                                   port == primary.port ? alternate.port : primary.port};
      CHECK(answer.get<stun::OtherAddress>().address == other);
      CHECK(answer.get<stun::MappedAddress>().address == client.five_tuple.client);
    }
}

TEST_CASE("relay: CHANGE-REQUEST chooses the socket that answers", "[relay][rfc5780-7.2]") {
  Server server(discovering());
  Client client(server);
  const auto answered_from = [&](bool ip, bool port) {
    const Answer answer = client.unsigned_request(Method::binding, stun::ChangeRequest{ip, port});
    CHECK(answer.get<stun::ResponseOrigin>().address == answer.to().server);
    CHECK(answer.get<stun::OtherAddress>().address == alternate);
    CHECK(answer.to().client == client.five_tuple.client);
    return answer.to().server;
  };
  CHECK(answered_from(false, false) == primary);
  CHECK(answered_from(true, false) == TransportAddress{alternate.ip, primary.port});
  CHECK(answered_from(false, true) == TransportAddress{primary.ip, alternate.port});
  CHECK(answered_from(true, true) == alternate);
}

TEST_CASE("relay: CHANGE-REQUEST is unknown over other transports and with one address",
          "[relay][rfc5780-6.1]") {
  Server with_two(discovering());
  Server with_one;
  const auto check = [](Client client) {
    const Answer answer = client.unsigned_request(Method::binding, stun::ChangeRequest{true, true});
    CHECK(answer.error() == 420);
    CHECK(answer.get<stun::UnknownAttributes>().types ==
          std::vector{AttributeType::change_request});
  };
  for (const Transport other : {Transport::tcp, Transport::tls, Transport::dtls})
    check(Client(with_two).over(other));
  check(Client(with_one));
}

TEST_CASE("relay: RESPONSE-PORT sends the answer to another port of the same address",
          "[relay][rfc5780-7.5]") {
  Server server(discovering());
  Client client(server);
  const Answer answer = client.unsigned_request(Method::binding, stun::ResponsePort{5000});
  REQUIRE(answer.ok());
  CHECK(answer.to().client == TransportAddress{client.five_tuple.client.ip, 5000});
  CHECK(answer.get<stun::XorMappedAddress>().address == client.five_tuple.client);
  CHECK(client.unsigned_request(Method::binding, stun::ResponsePort{53}).error() == 400);
}

TEST_CASE("relay: PADDING is answered with no more padding, and not with RESPONSE-PORT",
          "[relay][rfc5780-7.6]") {
  Server server(discovering());
  Client client(server);
  const ByteVector padding(600);
  const Answer answer = client.unsigned_request(Method::binding, stun::Padding{padding});
  CHECK(answer.get<stun::Padding>().bytes.size() == 600);
  const ByteVector large(3000);
  CHECK(client.unsigned_request(Method::binding, stun::Padding{large})
            .get<stun::Padding>()
            .bytes.size() == 1500);
  CHECK(client.unsigned_request(Method::binding, stun::Padding{padding}, stun::ResponsePort{5000})
            .error() == 400);
}
