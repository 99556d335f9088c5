#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Method;

namespace {

constexpr stun::EvenPort even{false};
constexpr stun::EvenPort even_pair{true};
constexpr stun::RequestedAddressFamily ipv4{1}, ipv6{2};
constexpr stun::AdditionalAddressFamily and_ipv6{2};

std::string client_at(unsigned port) {
  return "192.0.2.7:" + std::to_string(port);
}

/// As many ports as named, from 50000 on.
Config with_ports(std::uint16_t count) {
  Config config = usual_config();
  config.relay_ports = {50'000, static_cast<std::uint16_t>(50'000 + count - 1)};
  return config;
}

}  // namespace

TEST_CASE("relay: Allocate gives a relayed address, a lifetime and the mapped address",
          "[relay][rfc8656-7.2]") {
  Server server;
  Client client(server);
  const Answer answer = client.allocate();
  REQUIRE(answer.ok());
  CHECK(answer.relayed().ip == relay_v4);
  CHECK(answer.relayed().port >= 49152);
  CHECK(answer.lifetime() == 600);
  CHECK(answer.get<stun::XorMappedAddress>().address == client.five_tuple.client);
  CHECK(answer.get<stun::Software>().text == "Stile");
  CHECK(server.is_open(answer.relayed()));
  REQUIRE(server.events.size() == 1);
  const auto& created = std::get<AllocationCreated>(server.events[0]);
  CHECK(created.username == "alice");
  CHECK(created.relayed_v4 == answer.relayed());
}

TEST_CASE("relay: REQUESTED-TRANSPORT must be there and UDP or TCP", "[relay][rfc8656-7.2]") {
  Server server;
  Client client(server);
  CHECK(client.request(Method::allocate).error() == 400);
  for (const std::uint8_t protocol : {1, 132, 0})
    CHECK(client.request(Method::allocate, stun::RequestedTransport{protocol}).error() == 442);
  CHECK(client.allocate().ok());
}

TEST_CASE("relay: a second Allocate on a 5-tuple is refused with 437", "[relay][rfc8656-7.2]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate().ok());
  CHECK(client.allocate().error() == 437);
  CHECK(server.open_sockets().size() == 1);
}

TEST_CASE("relay: a retransmitted Allocate gets the same success and no second port",
          "[relay][rfc8656-7.2]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  const ByteVector request =
      client.build(stun::Class::request, Method::allocate, true, udp, even_pair);
  const Answer first = client.send(request);
  REQUIRE(first.ok());
  const Answer second = client.send(request);
  CHECK(second.bytes() == first.bytes());
  CHECK(second.has(AttributeType::reservation_token));
  CHECK(server.open_sockets().size() == 1);
}

TEST_CASE("relay: DONT-FRAGMENT is known", "[relay][rfc8656-7.2]") {
  Server server;
  CHECK(Client(server).allocate(stun::DontFragment{}).ok());
}

TEST_CASE("relay: the lifetime is between the default and the maximum", "[relay][rfc8656-7.2]") {
  Server server;
  auto granted = [&, port = 1u](std::uint32_t asked) mutable {
    return Client(server, client_at(port++)).allocate(stun::LifetimeAttribute{asked}).lifetime();
  };
  CHECK(granted(0) == 600);
  CHECK(granted(60) == 600);
  CHECK(granted(1200) == 1200);
  CHECK(granted(3600) == 3600);
  CHECK(granted(1'000'000) == 3600);
  CHECK(granted(0xffffffff) == 3600);
}

TEST_CASE("relay: EVEN-PORT gives an even port and leaves its neighbour free",
          "[relay][rfc8656-7.2]") {
  Server server(with_ports(4));
  CHECK(Client(server, client_at(1)).allocate(even).relayed().port % 2 == 0);
  CHECK(Client(server, client_at(2)).allocate(even).relayed().port % 2 == 0);
  CHECK(Client(server, client_at(3)).allocate(even).error() == 508);
  CHECK(Client(server, client_at(3)).allocate().ok());
  CHECK(Client(server, client_at(4)).allocate().ok());
  CHECK(Client(server, client_at(5)).allocate().error() == 508);
}

TEST_CASE("relay: a reserved port is given for its token, once and to anybody",
          "[relay][rfc8656-7.2]") {
  Server server;
  const Answer first = Client(server, client_at(1)).allocate(even_pair);
  REQUIRE(first.ok());
  const auto token = first.get<stun::ReservationToken>();
  const Answer second = Client(server, "[2001:db8::7]:4", "bob", "hunter2").allocate(token);
  REQUIRE(second.ok());
  CHECK(first.relayed().port % 2 == 0);
  CHECK(second.relayed() ==
        TransportAddress{first.relayed().ip, static_cast<std::uint16_t>(first.relayed().port + 1)});
  CHECK(Client(server, client_at(2)).allocate(token).error() == 508);
  CHECK(Client(server, client_at(2)).allocate(stun::ReservationToken{{9}}).error() == 508);
}

TEST_CASE("relay: a port that one core reserved can be claimed at another",
          "[relay][rfc8656-7.2]") {
  const auto resources = std::make_shared<Resources>(usual_config());
  Server one(usual_config(), resources);
  Server other(usual_config(), resources);
  const Answer first = Client(one, client_at(1)).allocate(even_pair);
  const Answer second = Client(other, client_at(1)).allocate(first.get<stun::ReservationToken>());
  REQUIRE(second.ok());
  CHECK(second.relayed().port == first.relayed().port + 1);
}

TEST_CASE("relay: a reserved port that cannot be bound is refused with 508",
          "[relay][rfc8656-7.2]") {
  Server server;
  const auto token = Client(server, client_at(1)).allocate(even_pair).get<stun::ReservationToken>();
  server.can_bind = false;
  CHECK(Client(server, client_at(2)).allocate(token).error() == 508);
  server.can_bind = true;
  CHECK(Client(server, client_at(2)).allocate(token).error() == 508);
}

TEST_CASE("relay: a reservation lasts thirty seconds", "[relay][rfc8656-7.2]") {
  for (const auto& [wait, good] : {std::pair(29s, true), std::pair(31s, false)}) {
    Server server;
    const auto token =
        Client(server, client_at(1)).allocate(even_pair).get<stun::ReservationToken>();
    server.forward(wait);
    CHECK(Client(server, client_at(2)).allocate(token).ok() == good);
    CHECK(server.open_sockets().size() == (good ? 2 : 1));
  }
}

TEST_CASE("relay: RESERVATION-TOKEN excludes what would choose another port",
          "[relay][rfc8656-7.2]") {
  Server server;
  Client client(server);
  const stun::ReservationToken token{{1}};
  CHECK(client.allocate(token, even).error() == 400);
  CHECK(client.allocate(token, ipv4).error() == 400);
  CHECK(client.allocate(token, and_ipv6).error() == 400);
}

TEST_CASE("relay: REQUESTED-ADDRESS-FAMILY chooses the family", "[relay][rfc8656-7.2]") {
  Server server;
  CHECK(Client(server, client_at(1)).allocate(ipv6).relayed().ip == relay_v6);
  CHECK(Client(server, client_at(2)).allocate(ipv4).relayed().ip == relay_v4);
  CHECK(Client(server, client_at(3)).allocate(stun::RequestedAddressFamily{3}).error() == 440);

  Config config = usual_config();
  config.relay_addresses = {relay_v4};
  Server only_v4(config);
  CHECK(Client(only_v4).allocate(ipv6).error() == 440);
  config.relay_addresses = {relay_v6};
  Server only_v6(config);
  CHECK(Client(only_v6).allocate().error() == 440);
  CHECK(Client(only_v6).allocate(ipv6).ok());
}

TEST_CASE("relay: combinations of families that are refused", "[relay][rfc8656-7.2]") {
  Server server;
  Client client(server);
  CHECK(client.allocate(ipv4, and_ipv6).error() == 400);
  CHECK(client.allocate(stun::AdditionalAddressFamily{1}).error() == 400);
  CHECK(client.allocate(and_ipv6, even_pair).error() == 400);
}

TEST_CASE("relay: ADDITIONAL-ADDRESS-FAMILY gives two addresses, IPv4 first",
          "[relay][rfc8656-7.2]") {
  Server server;
  Client client(server);
  const Answer answer = client.allocate(and_ipv6);
  REQUIRE(answer.ok());
  std::vector<TransportAddress> relayed;
  answer.view().for_each([&](const stun::AttributeView& attribute) {
    if (attribute.type == AttributeType::xor_relayed_address)
      relayed.push_back(
          stun::parse_xor_address(attribute.value, answer.view().transaction_id()).value());
  });
  REQUIRE(relayed.size() == 2);
  CHECK(relayed[0].ip == relay_v4);
  CHECK(relayed[1].ip == relay_v6);
  REQUIRE(client.permit(peer_a).ok());
  REQUIRE(client.permit(peer_v6).ok());
  CHECK(server.peer_sends(relayed[0], peer_a, as_bytes("four")).to_client);
  CHECK(server.peer_sends(relayed[1], peer_v6, as_bytes("six")).to_client);
  CHECK(client.send_to(peer_v6, "six").to_peer == peer_v6);
}

TEST_CASE("relay: ADDITIONAL-ADDRESS-FAMILY is taken under the number of coturn 4.6's client, too",
          "[relay][rfc8656-18.11]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate(stun::FamilyAttribute<AttributeType{0x8032}>{2}).ok());
  CHECK(client.permit(peer_a).ok());
  CHECK(client.permit(peer_v6).ok());
}

TEST_CASE("relay: half of a dual allocation comes with ADDRESS-ERROR-CODE",
          "[relay][rfc8656-7.2][rfc8656-18.12]") {
  const auto missing = [](const IpAddress& only) {
    Config config = usual_config();
    config.relay_addresses = {only};
    Server server(config);
    const Answer answer = Client(server).allocate(and_ipv6);
    CHECK(answer.relayed().ip == only);
    const auto why = answer.get<stun::AddressErrorCode>();
    CHECK(why.number == 440);
    return why.family;
  };
  CHECK(missing(relay_v4) == Family::ipv6);
  CHECK(missing(relay_v6) == Family::ipv4);
}

TEST_CASE("relay: where one family has no port left the other half is given, and 508 for it",
          "[relay][rfc8656-7.2][rfc8656-18.12]") {
  for (const Family full : {Family::ipv4, Family::ipv6}) {
    Server server(with_ports(1));
    const stun::RequestedAddressFamily taken{stun::wire_family(full)};
    REQUIRE(Client(server, client_at(1)).allocate(taken).ok());
    const Answer half = Client(server, client_at(2)).allocate(and_ipv6);
    REQUIRE(half.ok());
    CHECK(half.relayed().family() != full);
    CHECK(half.get<stun::AddressErrorCode>().family == full);
    CHECK(half.get<stun::AddressErrorCode>().number == 508);
    CHECK(Client(server, client_at(3)).allocate(and_ipv6).error() == 508);
  }
}

TEST_CASE("relay: a user's quota is counted by name", "[relay][rfc8656-7.2]") {
  Config config = usual_config();
  config.user_quota = 2;
  Server server(config);
  Client first(server, client_at(1));
  REQUIRE(first.allocate().ok());
  REQUIRE(Client(server, client_at(2)).allocate().ok());
  CHECK(Client(server, "192.0.2.99:1").allocate().error() == 486);
  CHECK(Client(server, client_at(4), "bob", "hunter2").allocate().ok());
  REQUIRE(first.refresh(stun::LifetimeAttribute{0}).ok());
  CHECK(Client(server, client_at(5)).allocate().ok());
  CHECK(server.counters().quota_refusals == 1);
}

TEST_CASE("relay: a reservation takes from the quota of its maker until it is claimed or gone",
          "[relay][rfc8656-7.2]") {
  Config config = usual_config();
  config.user_quota = 2;
  Server server(config);
  Client maker(server, client_at(1));
  const auto token = maker.allocate(even_pair).get<stun::ReservationToken>();
  REQUIRE(maker.refresh(stun::LifetimeAttribute{0}).ok());
  CHECK(Client(server, client_at(2)).allocate(even_pair).error() == 486);
  CHECK(Client(server, client_at(3), "bob", "hunter2").allocate(token).ok());
  CHECK(Client(server, client_at(2)).allocate(even_pair).ok());
  CHECK(Client(server, client_at(4)).allocate().error() == 486);
  server.forward(31s);
  CHECK(Client(server, client_at(4)).allocate().ok());
}

TEST_CASE("relay: the total quota holds for all users together", "[relay][rfc8656-7.2]") {
  Config config = usual_config();
  config.total_quota = 1;
  Server server(config);
  REQUIRE(Client(server, client_at(1)).allocate().ok());
  CHECK(Client(server, client_at(2), "bob", "hunter2").allocate().error() == 486);
}

TEST_CASE("relay: with all ports taken it answers 508 and recovers", "[relay][rfc8656-7.2]") {
  Server server(with_ports(2));
  Client first(server, client_at(1));
  REQUIRE(first.allocate().ok());
  REQUIRE(Client(server, client_at(2)).allocate().ok());
  CHECK(Client(server, client_at(3)).allocate().error() == 508);
  REQUIRE(first.refresh(stun::LifetimeAttribute{0}).ok());
  CHECK(Client(server, client_at(3)).allocate().ok());
}

TEST_CASE("relay: a port that others have bound is passed over, a bounded number of times",
          "[relay][rfc8656-7.2]") {
  Server server(with_ports(4));
  server.busy_ports = {50'000, 50'001, 50'002};
  CHECK(Client(server, client_at(1)).allocate().relayed().port == 50'003);
  server.can_bind = false;
  server.asked_for.clear();
  const Answer refused = Client(server, client_at(2)).allocate();
  CHECK(refused.error() == 508);
  CHECK(server.asked_for.size() == usual_config().open_attempts);
  server.can_bind = true;
  server.busy_ports.clear();
  CHECK(Client(server, client_at(2)).allocate().ok());
}

TEST_CASE("relay: ports are drawn from the whole range without a pattern",
          "[relay][rfc8656-21.1]") {
  Server server;
  std::set<std::uint16_t> ports;
  std::set<int> steps;
  int last = 0;
  for (unsigned i = 1; i <= 1000; ++i) {
    const std::uint16_t port = Client(server, client_at(i)).allocate().relayed().port;
    CHECK(port >= 49152);
    ports.insert(port);
    steps.insert(port - last);
    last = port;
  }
  CHECK(ports.size() == 1000);
  CHECK(steps.size() > 900);
  CHECK(*ports.begin() < 49152 + 200);
  CHECK(*ports.rbegin() > 65535 - 200);
}

TEST_CASE("relay: the same client over UDP and over TCP has two allocations",
          "[relay][rfc8656-3.2]") {
  Server server;
  Client over_udp(server);
  Client over_tcp = Client(server).over_tcp();
  REQUIRE(over_udp.allocate().ok());
  REQUIRE(over_tcp.allocate().ok());
  server.client_closes(over_tcp.five_tuple);
  CHECK(over_tcp.refresh().error() == 437);
  CHECK(over_udp.refresh().ok());
  CHECK(std::get<AllocationEnded>(server.events.back()).reason == EndReason::client_closed);
}

TEST_CASE("relay: a freed port goes to no other user for two minutes", "[relay][rfc8656-21.1]") {
  Server server(with_ports(1));
  Client alice(server, client_at(1));
  REQUIRE(alice.allocate().ok());
  REQUIRE(alice.permit(peer_a).ok());
  REQUIRE(alice.refresh(stun::LifetimeAttribute{0}).ok());
  Client bob(server, client_at(2), "bob", "hunter2");
  CHECK(bob.allocate().error() == 508);
  server.forward(2min);
  const Answer answer = bob.allocate();
  REQUIRE(answer.ok());
  CHECK(server.peer_sends(answer.relayed(), peer_a, as_bytes("old")).nothing());
}

TEST_CASE("relay: behind a 1:1 NAT the external address is told", "[relay][rfc8656-7.2]") {
  Config config = usual_config();
  config.external_addresses = {{*IpAddress::parse("203.0.113.99"), relay_v4}};
  Server server(config);
  const Answer answer = Client(server).allocate(and_ipv6);
  const TransportAddress relayed = answer.relayed();
  CHECK(relayed.ip == *IpAddress::parse("203.0.113.99"));
  CHECK(server.is_open({relay_v4, relayed.port}));
  CHECK_FALSE(answer.has(AttributeType::address_error_code));
}

TEST_CASE("relay: allocations can be listed", "[relay]") {
  Server server;
  Client client(server);
  const Answer answer = client.allocate();
  REQUIRE(client.bind(0x4000, peer_a).ok());
  client.channel_data(0x4000, "hello");
  int seen = 0;
  server.relay().for_each_allocation([&](const AllocationInfo& info) {
    ++seen;
    CHECK(info.five_tuple == client.five_tuple);
    CHECK(info.username == "alice");
    CHECK(info.relayed_v4 == answer.relayed());
    REQUIRE(info.permissions.size() == 1);
    CHECK(info.permissions[0].peer == peer_a.ip);
    REQUIRE(info.channels.size() == 1);
    CHECK(info.channels[0].peer == peer_a);
    CHECK(info.created == server.now);
    CHECK(info.expires == server.now + std::chrono::minutes(10));
    CHECK(info.to_peers.bytes == 5);
  });
  CHECK(seen == 1);
}

TEST_CASE("relay: what ends an allocation tells what it was", "[relay]") {
  Server server;
  Client client(server);
  const Answer answer = client.allocate();
  REQUIRE(client.bind(0x4000, peer_a).ok());
  client.channel_data(0x4000, "hello");
  server.now += std::chrono::seconds(90);
  REQUIRE(client.refresh(stun::LifetimeAttribute{0}).ok());
  const auto& ended = std::get<AllocationEnded>(server.events.back());
  CHECK(ended.five_tuple == client.five_tuple);
  CHECK(ended.username == "alice");
  CHECK(ended.relayed_v4 == answer.relayed());
  CHECK_FALSE(ended.relayed_v6);
  CHECK(ended.lasted == std::chrono::seconds(90));
  CHECK(ended.to_peers.bytes == 5);
  CHECK(ended.from_peers.bytes == 0);
}
