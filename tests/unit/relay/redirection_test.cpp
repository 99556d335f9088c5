#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Method;

namespace {

const TransportAddress first_v4 = *TransportAddress::parse("203.0.113.1:3478");
const TransportAddress second_v4 = *TransportAddress::parse("203.0.113.2:3478");
const TransportAddress first_v6 = *TransportAddress::parse("[2001:db8:1::1]:3478");

Config with_alternates(std::vector<AlternateServer> servers = {{first_v4, ""}}) {
  Config config = usual_config();
  config.alternate_servers = std::move(servers);
  return config;
}

std::vector<TransportAddress> alternates(const Answer& answer) {
  std::vector<TransportAddress> all;
  answer.view().for_each([&](const stun::AttributeView& attribute) {
    if (attribute.type == AttributeType::alternate_server)
      all.push_back(stun::AlternateServer::parse(attribute.value, answer.view())->address);
  });
  return all;
}

Config redirecting(std::vector<AlternateServer> servers) {
  Config config = with_alternates(std::move(servers));
  config.redirect_always = true;
  return config;
}

}  // namespace

TEST_CASE("relay: where there is room nobody is sent to another server", "[relay][rfc8489-10]") {
  Server server(with_alternates());
  CHECK(Client(server).allocate().ok());
}

TEST_CASE("relay: a server that is draining sends new clients to another one, signed",
          "[relay][rfc8489-10][rfc8656-7.2]") {
  Server server(with_alternates());
  Client here(server, "192.0.2.7:1"), late(server, "192.0.2.7:2");
  REQUIRE(here.allocate().ok());
  server.relay().handle_drain(server.now);
  const Answer answer = late.allocate();
  CHECK(answer.error() == 300);
  CHECK(alternates(answer) == std::vector{first_v4});
  CHECK(stun::verify_message_integrity(answer.view(), late.key()));
  CHECK(here.refresh().ok());
  CHECK(late.unsigned_request(Method::allocate, udp).error() == 401);
  CHECK(server.counters().redirected == 1);
}

TEST_CASE(
    "relay: a server that is full sends clients to another one, but not those who have enough",
    "[relay][rfc8489-10][rfc8656-7.2]") {
  Config config = with_alternates();
  config.total_quota = 2;
  config.user_quota = 1;
  Server server(config);
  REQUIRE(Client(server, "192.0.2.7:1").allocate().ok());
  CHECK(Client(server, "192.0.2.7:2").allocate().error() == 486);
  REQUIRE(Client(server, "192.0.2.7:3", "bob", "hunter2").allocate().ok());
  CHECK(Client(server, "192.0.2.7:4").allocate().error() == 300);
}

TEST_CASE("relay: a server without ports sends clients to another one, but not with its own token",
          "[relay][rfc8489-10][rfc8656-7.2]") {
  Config config = with_alternates();
  config.relay_ports = {50'000, 50'001};
  Server server(config);
  const Answer pair = Client(server, "192.0.2.7:1").allocate(stun::EvenPort{true});
  REQUIRE(pair.ok());
  const Answer full = Client(server, "192.0.2.7:2").allocate();
  CHECK(full.error() == 300);
  CHECK(alternates(full) == std::vector{first_v4});
  server.can_bind = false;
  CHECK(Client(server, "192.0.2.7:3").allocate(pair.get<stun::ReservationToken>()).error() == 508);
}

TEST_CASE("relay: the first alternate server is of the client's family, the second of the other",
          "[relay][rfc8489-10]") {
  Server server(redirecting({{first_v4, ""}, {first_v6, ""}}));
  CHECK(alternates(Client(server).allocate()) == std::vector{first_v4, first_v6});
  CHECK(alternates(Client(server, "[2001:db8::7]:1").allocate()) ==
        std::vector{first_v6, first_v4});
}

TEST_CASE("relay: without an alternate server of the client's family the refusal stays",
          "[relay][rfc8489-10]") {
  Server server(redirecting({{first_v4, ""}}));
  CHECK(Client(server).allocate().error() == 300);
  CHECK(Client(server, "[2001:db8::7]:1").allocate().error() == 508);
}

TEST_CASE("relay: alternate servers take turns", "[relay][rfc8489-10]") {
  Server server(redirecting({{first_v4, ""}, {second_v4, ""}}));
  CHECK(alternates(Client(server, "192.0.2.7:1").allocate()) == std::vector{first_v4});
  CHECK(alternates(Client(server, "192.0.2.7:2").allocate()) == std::vector{second_v4});
  CHECK(alternates(Client(server, "192.0.2.7:3").allocate()) == std::vector{first_v4});
}

TEST_CASE("relay: ALTERNATE-DOMAIN is told to those who read it, over TLS and DTLS",
          "[relay][rfc8489-10]") {
  Server server(redirecting({{first_v4, "two.example.org"}, {first_v6, "six.example.org"}}));
  for (const Transport transport :
       {Transport::udp, Transport::tcp, Transport::tls, Transport::dtls})
    for (const bool knows : {false, true}) {
      Client client(server);
      client.over(transport);
      if (knows) client.algorithm = stun::PasswordAlgorithmNumber::sha256;
      const Answer answer = client.allocate();
      const bool told = knows && (transport == Transport::tls || transport == Transport::dtls);
      CHECK(answer.has(AttributeType::alternate_domain) == told);
      if (told) CHECK(answer.get<stun::AlternateDomain>().text == "two.example.org");
      CHECK(alternates(answer).size() == 1);  // the other one has another domain
    }
}

TEST_CASE("relay: who has an allocation is served although all others are sent away",
          "[relay][rfc8489-10][config]") {
  Server server(with_alternates());
  Client client(server);
  REQUIRE(client.allocate().ok());
  server.reconfigure([](Config& config) { config.redirect_always = true; });
  CHECK(client.refresh().ok());
  CHECK(client.permit(peer_a).ok());
  CHECK(Client(server, "192.0.2.8:1").allocate().error() == 300);
}

TEST_CASE("relay: Binding is answered here whatever happens to Allocate", "[relay][rfc8489-12]") {
  Server server(redirecting({{first_v4, ""}}));
  CHECK(Client(server).unsigned_request(Method::binding).ok());
}
