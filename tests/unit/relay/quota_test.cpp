#include "server/core/quota.hpp"

#include <catch2/catch.hpp>

#include "server/core/network.hpp"
#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

std::string client_at(unsigned port) {
  return "192.0.2.7:" + std::to_string(port);
}

Config with_user_quota(std::size_t units) {
  Config config = usual_config();
  config.user_quota = units;
  return config;
}

constexpr stun::EvenPort even_pair{true};

}  // namespace

TEST_CASE("quota: all or nothing, and users without allocations are forgotten",
          "[relay][quota][rfc8656-7.2]") {
  const QuotaHolder a{"a", {}}, b{"b", {}};
  Quota quota({.per_user = 2, .total = 3});
  REQUIRE(quota.take(a, 2));
  CHECK_FALSE(quota.take(a, 1));
  CHECK_FALSE(quota.take(b, 2));
  REQUIRE(quota.take(b, 1));
  quota.give_back(a, 2);
  CHECK(quota.held() == 1);
  CHECK_FALSE(quota.take(a, 3));
  CHECK(quota.take(a, 2));
}

TEST_CASE("quota: what a user may not have more of he keeps, and gives back one by one",
          "[relay][quota]") {
  const QuotaHolder a{"a", {}};
  Quota quota({.per_user = 3});
  REQUIRE(quota.take(a, 3));
  quota.set_limits({.per_user = 1});
  CHECK(quota.held() == 3);
  quota.give_back(a, 2);
  CHECK_FALSE(quota.take(a, 1));
  quota.give_back(a, 1);
  CHECK(quota.take(a, 1));
}

TEST_CASE("quota: a unit that cannot be passed on stays, even above the limit", "[relay][quota]") {
  const QuotaHolder a{"a", {}}, b{"b", {}};
  Quota quota({.per_user = 3});
  REQUIRE(quota.take(a, 3));
  REQUIRE(quota.take(b, 1));
  quota.set_limits({.per_user = 1});
  CHECK_FALSE(quota.pass_on(a, b));
  CHECK(quota.held() == 4);
  quota.give_back(a, 3);
  quota.give_back(b, 1);
  CHECK(quota.held() == 0);
}

TEST_CASE("quota: a network is a /24 of IPv4 and a /56 of IPv6", "[relay][quota]") {
  CHECK(network_of(ip("192.0.2.7")) == ip("192.0.2.0"));
  CHECK(network_of(ip("::ffff:192.0.2.7")) == ip("192.0.2.0"));
  CHECK(network_of(ip("192.0.3.7")) != network_of(ip("192.0.2.7")));
  CHECK(network_of(ip("2a00:1:2:3ff::7")) == ip("2a00:1:2:300::"));
  CHECK(network_of(ip("2a00:1:2:400::7")) != network_of(ip("2a00:1:2:3ff::7")));
}

TEST_CASE("relay: the clients of one network share a quota, whoever they are", "[relay][quota]") {
  Config config = usual_config();
  config.network_quota = 2;
  Server server(config);
  Client alice(server, "192.0.2.7:1");
  REQUIRE(alice.allocate().ok());
  REQUIRE(Client(server, "192.0.2.99:1", "bob", "hunter2").allocate().ok());
  CHECK(Client(server, "192.0.2.200:1", "bob", "hunter2").allocate().error() == 486);
  CHECK(Client(server, "192.0.3.7:1").allocate().ok());
  REQUIRE(alice.refresh(stun::LifetimeAttribute{0}).ok());
  CHECK(Client(server, "192.0.2.200:1", "bob", "hunter2").allocate().ok());
}

TEST_CASE("relay: no way to an allocation leads past the quota",
          "[relay][quota][ghsa-f6hc-79w3-p8pq][rfc8656-7.2]") {
  Server server(with_user_quota(2));
  Client maker(server, client_at(1));
  const auto token = maker.allocate(even_pair).get<stun::ReservationToken>();
  Client bob(server, client_at(2), "bob", "hunter2");
  REQUIRE(bob.allocate().ok());
  REQUIRE(Client(server, client_at(3), "bob", "hunter2").allocate().ok());

  SECTION("over UDP, TCP, TLS or DTLS") {
    for (const Transport transport :
         {Transport::udp, Transport::tcp, Transport::tls, Transport::dtls})
      CHECK(Client(server, client_at(4), "bob", "hunter2").over(transport).allocate().error() ==
            486);
  }
  SECTION("for TCP") {
    CHECK(TcpClient(server, client_at(4), "bob", "hunter2").allocate_tcp().error() == 486);
  }
  SECTION("with both families, an even port, or a port and the next") {
    Client more(server, client_at(4), "bob", "hunter2");
    CHECK(more.allocate(stun::AdditionalAddressFamily{2}).error() == 486);
    CHECK(more.allocate(stun::EvenPort{false}).error() == 486);
    CHECK(more.allocate(even_pair).error() == 486);
  }
  SECTION("by a reservation, which stays for others") {
    CHECK(Client(server, client_at(4), "bob", "hunter2").allocate(token).error() == 486);
    CHECK(Client(server, client_at(5)).allocate(token).ok());
  }
  SECTION("by USERHASH or another algorithm") {
    Client hashed(server, client_at(4), "bob", "hunter2");
    hashed.anonymous = true;
    CHECK(hashed.allocate().error() == 486);
    hashed.algorithm = stun::PasswordAlgorithmNumber::sha256;
    CHECK(hashed.allocate().error() == 486);
  }
}

TEST_CASE("relay: what an allocation took is given back in every way that it can end or fail",
          "[relay][quota]") {
  Config config = with_user_quota(2);
  config.network_quota = 2;
  Server server(config);
  const auto holds_nothing = [&] {
    server.forward(31s);  // reservations
    Client one(server, client_at(100)), two(server, client_at(101));
    const bool all = one.allocate().ok() && two.allocate().ok();
    one.refresh(stun::LifetimeAttribute{0});
    two.refresh(stun::LifetimeAttribute{0});
    return all;
  };
  Client client(server, client_at(1));
  SECTION("deleted") {
    REQUIRE(client.allocate(even_pair).ok());
    REQUIRE(client.refresh(stun::LifetimeAttribute{0}).ok());
    CHECK(holds_nothing());
  }
  SECTION("expired") {
    REQUIRE(client.allocate().ok());
    server.forward(10min);
    CHECK(holds_nothing());
  }
  SECTION("its connection closed") {
    client.over_tcp();
    REQUIRE(client.allocate().ok());
    server.client_closes(client.five_tuple);
    CHECK(holds_nothing());
  }
  SECTION("no port could be bound") {
    server.can_bind = false;
    CHECK(client.allocate(even_pair).error() == 508);
    CHECK(client.allocate(stun::AdditionalAddressFamily{2}).error() == 508);
    server.can_bind = true;
    CHECK(holds_nothing());
  }
  SECTION("a reserved port could not be bound") {
    const auto token = client.allocate(even_pair).get<stun::ReservationToken>();
    REQUIRE(client.refresh(stun::LifetimeAttribute{0}).ok());
    server.can_bind = false;
    CHECK(client.allocate(token).error() == 508);
    server.can_bind = true;
    CHECK(holds_nothing());
  }
}
