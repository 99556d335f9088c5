#include <algorithm>
#include <catch2/catch.hpp>

#include "server/core/mobility_ticket.hpp"
#include "server/core/rest_credentials.hpp"
#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {

constexpr stun::LifetimeAttribute at_once{0};
const stun::MobilityTicket wanted{};

Config mobile_config() {
  Config config = usual_config();
  config.mobility = true;
  return config;
}

ByteVector ticket_of(const Answer& answer) {
  return copy_of(answer.get<stun::MobilityTicket>().bytes);
}

/// A client with an allocation, a permission for peer_a, channel 0x4000 to peer_b, and a ticket.
struct Mobile {
  explicit Mobile(Config config = mobile_config(), Transport transport = Transport::udp)
      : server(std::move(config)) {
    home.over(transport);
    away.over(transport);
    const Answer answer = home.allocate(wanted);
    relayed = answer.relayed();
    ticket = ticket_of(answer);
    home.permit(peer_a);
    home.bind(0x4000, peer_b);
  }

  Answer move(Client& client) { return client.refresh(stun::MobilityTicket{ticket}); }
  /// Where what peer_a sends goes.
  std::optional<TransportAddress> data_goes_to() {
    const Reaction reaction = server.peer_sends(relayed, peer_a, as_bytes("data"));
    return reaction.to_client ? std::optional(reaction.to_client->client) : std::nullopt;
  }
  bool passes(Client& client) {
    return client.channel_data(0x4000, "up").to_peer == peer_b &&
           client.send_to(peer_a, "up").to_peer == peer_a;
  }

  Server server;
  Client home{server, "192.0.2.7:40000"}, away{server, "198.18.0.9:50000"};
  TransportAddress relayed;
  ByteVector ticket;
};

}  // namespace

TEST_CASE("relay: an Allocate that asks for a ticket gets one", "[relay][rfc8016-3.1.2]") {
  Server server(mobile_config());
  Client client(server);
  const Answer answer = client.allocate(wanted);
  REQUIRE(answer.ok());
  CHECK(ticket_of(answer).size() == 32);
  Client other(server, "192.0.2.8:40000");
  CHECK_FALSE(other.allocate().has(stun::AttributeType::mobility_ticket));
}

TEST_CASE("relay: an Allocate with a ticket that is not empty gets 400", "[relay][rfc8016-3.1.2]") {
  Server server(mobile_config());
  CHECK(Client(server).allocate(stun::MobilityTicket{as_bytes("mine")}).error() == 400);
}

TEST_CASE("relay: without mobility who asks for a ticket gets 405", "[relay][rfc8016-3.1.2]") {
  Server server;
  Client client(server);
  CHECK(client.allocate(wanted).error() == 405);
  CHECK(client.allocate(stun::MobilityTicket{as_bytes("mine")}).error() == 400);
  REQUIRE(client.allocate().ok());
  CHECK(client.refresh(stun::MobilityTicket{as_bytes("mine")}).error() == 405);
}

TEST_CASE("relay: an open relay has no mobile clients", "[relay][rfc8016-5]") {
  Config config = mobile_config();
  config.allow_anonymous = true;
  Server server(config);
  Client client(server);
  CHECK(client.unsigned_request(Method::allocate, udp, wanted).error() == 405);
}

TEST_CASE("relay: a repeated Allocate is answered with the same ticket",
          "[relay][rfc8016-3.1.2][rfc8656-7.2]") {
  Server server(mobile_config());
  Client client(server);
  client.fetch_challenge();
  const ByteVector request =
      client.build(stun::Class::request, Method::allocate, true, udp, wanted);
  const Answer first = client.send(request);
  CHECK(client.send(request).bytes() == first.bytes());
}

TEST_CASE_METHOD(Mobile,
                 "relay: a Refresh with the ticket moves the allocation, ports and channels",
                 "[relay][rfc8016-3.2.2]") {
  const Answer answer = move(away);
  REQUIRE(answer.ok());
  CHECK(answer.to() == away.five_tuple);
  CHECK(answer.lifetime() == 600);
  CHECK(stun::verify_message_integrity(answer.view(), away.key()));
  CHECK(passes(away));
  CHECK(data_goes_to() == away.five_tuple.client);
  const Reaction channel = server.peer_sends(relayed, peer_b, as_bytes("data"));
  CHECK(channel.to_client == away.five_tuple);
  CHECK(channel.message[0] == 0x40);
  CHECK(away.refresh().ok());
  CHECK(server.counters().allocations_now == 1);
  const auto& moved = std::get<AllocationMoved>(server.events.back());
  CHECK(moved.from == home.five_tuple);
  CHECK(moved.to == away.five_tuple);
}

TEST_CASE_METHOD(Mobile, "relay: the old five-tuple is served until data comes from the new one",
                 "[relay][rfc8016-3.2.2]") {
  REQUIRE(move(away).ok());
  CHECK(data_goes_to() == home.five_tuple.client);
  CHECK(passes(home));
  CHECK(home.refresh().ok());
  CHECK(away.permit(peer_v6).error() == 443);  // requests of both are answered, and are no data
  CHECK(data_goes_to() == home.five_tuple.client);

  CHECK(away.send_to(peer_a, "here I am").to_peer == peer_a);
  CHECK(data_goes_to() == away.five_tuple.client);
  CHECK(home.send_to(peer_a, "late").nothing());
  CHECK(home.channel_data(0x4000, "late").nothing());
  CHECK(home.refresh().error() == 437);
  CHECK(server.released == std::vector{home.five_tuple});
}

TEST_CASE_METHOD(Mobile, "relay: a kernel's fast path follows the client",
                 "[relay][rfc8016-3.2.2]") {
  REQUIRE(move(away).ok());
  away.send_to(peer_a, "here I am");
  CHECK(server.flows == 1);
  REQUIRE(away.refresh(at_once).ok());
  CHECK(server.flows == 0);
}

TEST_CASE_METHOD(Mobile,
                 "relay: each move is answered with another ticket, and uses the old one up",
                 "[relay][rfc8016-3.2.2]") {
  const ByteVector old = ticket;
  ticket = ticket_of(move(away));
  CHECK(ticket != old);
  Client third(server, "198.18.0.10:1");
  CHECK(third.refresh(stun::MobilityTicket{old}).error() == 437);
  CHECK(third.refresh(stun::MobilityTicket{ticket}).ok());
}

TEST_CASE_METHOD(Mobile, "relay: a repeated Refresh with a ticket is answered as the first was",
                 "[relay][rfc8016-3.2.2]") {
  away.fetch_challenge();
  const ByteVector request =
      away.build(stun::Class::request, Method::refresh, true, stun::MobilityTicket{ticket});
  const Answer first = away.send(request);
  REQUIRE(first.ok());
  server.forward(30s);
  CHECK(ticket_of(away.send(request)) == ticket_of(first));
  away.send_to(peer_a, "here I am");
  CHECK(ticket_of(away.send(request)) == ticket_of(first));
  away.five_tuple.client.port = 50001;  // another place is another move
  away.fetch_challenge();
  CHECK(move(away).error() == 437);
}

TEST_CASE_METHOD(Mobile, "relay: a client that moves on before it has sent data is where it is now",
                 "[relay][rfc8016-3.2.2]") {
  ticket = ticket_of(move(away));
  Client third(server, "198.18.0.10:1");
  REQUIRE(move(third).ok());
  CHECK(away.send_to(peer_a, "lost").nothing());
  CHECK(data_goes_to() == home.five_tuple.client);
  CHECK(third.send_to(peer_a, "here I am").to_peer == peer_a);
  CHECK(data_goes_to() == third.five_tuple.client);
  CHECK(server.released == std::vector{away.five_tuple, home.five_tuple});
}

TEST_CASE_METHOD(Mobile, "relay: a ticket from where the client is already gets 400",
                 "[relay][rfc8016-3.2.2]") {
  CHECK(move(home).error() == 400);
  ticket = ticket_of(move(away));
  CHECK(move(away).error() == 400);
  CHECK(move(home).error() == 400);
}

TEST_CASE_METHOD(Mobile, "relay: a ticket serves nobody but the allocation's owner",
                 "[relay][rfc8016-3.2.2]") {
  Client bob(server, "198.18.0.9:50000", "bob", "hunter2");
  CHECK(move(bob).error() == 441);
  CHECK(away.unsigned_request(Method::refresh, stun::MobilityTicket{ticket}).error() == 401);
  away.password = "guess";
  CHECK(move(away).error() == 401);
  CHECK(bob.channel_data(0x4000, "mine").nothing());
  CHECK(data_goes_to() == home.five_tuple.client);
}

TEST_CASE_METHOD(Mobile, "relay: forged tickets are refused with 400 and leave nothing behind",
                 "[relay][rfc8016-3.2.2][rfc8016-5]") {
  const ByteVector genuine = ticket;
  for (std::size_t i = 0; i < genuine.size(); ++i) {
    ticket = genuine;
    ticket[i] ^= 1;
    CHECK(move(away).error() == 400);
  }
  for (std::size_t size = 0; size < genuine.size(); ++size) {
    ticket.assign(genuine.begin(), genuine.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(move(away).error() == 400);
  }
  CHECK(server.counters().allocations_now == 1);
  CHECK(server.open_sockets().size() == 1);
  CHECK(away.channel_data(0x4000, "up").nothing());
  ticket = genuine;
  CHECK(move(away).ok());
}

TEST_CASE("relay: tickets have no zero byte, which coturn's client would cut them at",
          "[relay][rfc8016-3.1.2]") {
  Mobile mobile;
  for (std::uint16_t port = 1; port < 100; ++port) {
    mobile.away.five_tuple.client.port = port;
    mobile.away.nonce.clear();
    mobile.ticket = ticket_of(mobile.move(mobile.away));
    CHECK(std::ranges::count(mobile.ticket, 0) == 0);
  }
}

TEST_CASE("mobility ticket: it opens with the key that sealed it", "[relay][rfc8016-5]") {
  const TicketOffice ours({1}), theirs({2});
  const MobilityTicket ticket{{9, 8, 7}, 3, {4, 5}};
  CHECK(ours.open(ours.seal(ticket)) == ticket);
  CHECK_FALSE(ours.open(theirs.seal(ticket)));
}

TEST_CASE_METHOD(Mobile, "relay: a ticket outlives its allocation for nothing",
                 "[relay][rfc8016-3.2.2]") {
  REQUIRE(home.refresh(at_once).ok());
  CHECK(move(away).error() == 437);
  REQUIRE(home.allocate(wanted).ok());  // in the old one's place
  CHECK(move(away).error() == 437);
}

TEST_CASE_METHOD(Mobile, "relay: who has an allocation at a place cannot bring another one there",
                 "[relay][rfc8016-3.2.2]") {
  REQUIRE(away.allocate().ok());
  CHECK(move(away).error() == 437);
  CHECK(passes(home));
}

TEST_CASE_METHOD(Mobile, "relay: an allocation can be deleted with its ticket",
                 "[relay][rfc8016-3.2.1]") {
  const Answer answer = away.refresh(stun::MobilityTicket{ticket}, at_once);
  REQUIRE(answer.ok());
  CHECK(answer.lifetime() == 0);
  CHECK_FALSE(answer.has(stun::AttributeType::mobility_ticket));
  CHECK(server.open_sockets().empty());
  CHECK(server.counters().allocations_now == 0);
  CHECK(home.refresh().error() == 437);
}

TEST_CASE_METHOD(Mobile, "relay: an allocation on the move ends as a whole",
                 "[relay][rfc8016-3.2.2]") {
  REQUIRE(move(away).ok());
  server.forward(600s);
  CHECK(server.counters().allocations_now == 0);
  CHECK(away.refresh().error() == 437);
  CHECK(home.refresh().error() == 437);
  CHECK(server.released == std::vector{home.five_tuple, away.five_tuple});
  CHECK(home.allocate().ok());
  CHECK(away.allocate().ok());
}

TEST_CASE("relay: moving takes nothing from the quotas and gives nothing back",
          "[relay][rfc8016-3.2.2][rfc8656-7.2]") {
  Config config = mobile_config();
  config.user_quota = 1;
  Mobile mobile(config);
  mobile.ticket = ticket_of(mobile.move(mobile.away));
  mobile.away.send_to(peer_a, "here I am");
  CHECK(mobile.home.allocate().error() == 486);
  REQUIRE(mobile.away.refresh(at_once).ok());
  CHECK(mobile.home.allocate().ok());
}

TEST_CASE("relay: a network that has its share of allocations takes no mobile client in",
          "[relay][rfc8016-3.2.2][rfc8656-7.2]") {
  Config config = mobile_config();
  config.network_quota = 1;
  Mobile mobile(config);
  Client bob(mobile.server, "198.18.0.200:1", "bob", "hunter2");
  REQUIRE(bob.allocate().ok());
  CHECK(mobile.move(mobile.away).error() == 486);
  CHECK(mobile.passes(mobile.home));
  REQUIRE(bob.refresh(at_once).ok());
  CHECK(mobile.move(mobile.away).ok());
  CHECK(bob.allocate().error() == 486);
  Client neighbour(mobile.server, "192.0.2.99:1", "bob", "hunter2");
  CHECK(neighbour.allocate().ok());  // where the client has left
}

TEST_CASE("relay: an expired REST credential still moves what its user has made",
          "[relay][rest][rfc8016-3.2.2]") {
  Config config = mobile_config();
  config.auth_secrets = {"key"};
  Server server(config);
  const std::string user = std::to_string(server.wall.value + 60) + ":carol";
  const std::string password = rest_password(RestHash::sha1, "key", user);
  Client home(server, "192.0.2.7:40000", user, password);
  Client away(server, "198.18.0.9:50000", user, password);
  const ByteVector ticket = ticket_of(home.allocate(wanted));
  server.forward(61s);
  CHECK(away.refresh().error() == 401);
  CHECK(away.refresh(stun::MobilityTicket{ticket}).ok());
}

TEST_CASE("relay: TCP allocations stay where they are", "[relay][rfc8016-3.1.2][rfc6062-5.1]") {
  Server server(mobile_config());
  TcpClient client(server);
  CHECK(client.allocate_tcp(wanted).error() == 405);
  CHECK(client.allocate_tcp().ok());
}

TEST_CASE("relay: a mobile client's allocation outlives its connection", "[relay][rfc8016-3.2.2]") {
  Mobile mobile(mobile_config(), Transport::tcp);
  mobile.server.client_closes(mobile.home.five_tuple);
  CHECK_FALSE(mobile.data_goes_to());
  CHECK(mobile.server.counters().no_client == 1);
  CHECK(mobile.home.channel_data(0x4000, "of somebody else").nothing());
  CHECK(mobile.home.allocate().ok());  // likewise
  REQUIRE(mobile.move(mobile.away).ok());
  CHECK(mobile.data_goes_to() == mobile.away.five_tuple.client);
  CHECK(mobile.passes(mobile.away));
  CHECK(mobile.home.refresh().ok());
}

TEST_CASE("relay: the end of the old connection is the end of the move", "[relay][rfc8016-3.2.2]") {
  Mobile mobile(mobile_config(), Transport::tls);
  REQUIRE(mobile.move(mobile.away).ok());
  CHECK(mobile.data_goes_to() == mobile.home.five_tuple.client);
  mobile.server.client_closes(mobile.home.five_tuple);
  CHECK(mobile.data_goes_to() == mobile.away.five_tuple.client);
}

TEST_CASE("relay: the end of the new connection takes the move back", "[relay][rfc8016-3.2.2]") {
  Mobile mobile(mobile_config(), Transport::tls);
  mobile.ticket = ticket_of(mobile.move(mobile.away));
  mobile.server.client_closes(mobile.away.five_tuple);
  CHECK(mobile.passes(mobile.home));
  mobile.away.five_tuple.client.port = 50001;
  CHECK(mobile.move(mobile.away).ok());
}

TEST_CASE("relay: a mobile client that does not come again is forgotten in its time",
          "[relay][rfc8016-3.2.2]") {
  Mobile mobile(mobile_config(), Transport::tcp);
  mobile.server.client_closes(mobile.home.five_tuple);
  REQUIRE(mobile.home.allocate().ok());  // in the place that it has left
  mobile.server.forward(599s);
  CHECK(mobile.home.refresh().ok());
  mobile.server.forward(1s);
  CHECK(mobile.server.counters().allocations_now == 1);
  CHECK_FALSE(mobile.server.is_open(mobile.relayed));
  CHECK(mobile.home.refresh().ok());
}

TEST_CASE("relay: a client can move between IP versions and transports", "[relay][rfc8016-3.1.2]") {
  Mobile mobile;
  Client other(mobile.server, "[2001:db8:7::1]:50000");
  other.over(Transport::dtls);
  REQUIRE(mobile.move(other).ok());
  CHECK(mobile.passes(other));
}

TEST_CASE("relay: a client may come to another core than the one that has its allocation",
          "[relay][rfc8016-3.2.2]") {
  const auto resources = std::make_shared<Resources>(mobile_config());
  Server first(mobile_config(), resources, {0, 2}), second(mobile_config(), resources, {1, 2});
  Client home(first), away(second, "198.18.0.9:50000");
  const Answer allocated = home.allocate(wanted);
  const ByteVector ticket = ticket_of(allocated);
  away.fetch_challenge();
  const ByteVector request =
      away.build(stun::Class::request, Method::refresh, true, stun::MobilityTicket{ticket});
  CHECK(second.client_sends(away.five_tuple, request).other_core == 0u);
  REQUIRE(Answer(first.client_sends(away.five_tuple, request)).ok());

  CHECK_FALSE(second.relay().has_allocation(away.five_tuple));
  second.relay().handle_client_elsewhere(second.now, away.five_tuple, 0);
  CHECK(second.relay().has_allocation(away.five_tuple));
  CHECK(second.relay().core_of(away.five_tuple) == 0u);
  CHECK(away.channel_data(0x4000, "up").other_core == 0u);
  CHECK(away.send_to(peer_a, "up").other_core == 0u);
  CHECK(second.client_sends(away.five_tuple, request).other_core == 0u);

  second.relay().handle_client_elsewhere(second.now, away.five_tuple, std::nullopt);
  CHECK(away.send_to(peer_a, "up").nothing());
  CHECK(away.allocate().ok());
}

TEST_CASE("relay: tickets that nobody made are no reason to ask another core",
          "[relay][rfc8016-3.2.2]") {
  const auto resources = std::make_shared<Resources>(mobile_config());
  Server first(mobile_config(), resources, {0, 2}), second(mobile_config(), resources, {1, 2});
  Client home(first), away(second, "198.18.0.9:50000");
  ByteVector ticket = ticket_of(home.allocate(wanted));
  ticket.back() ^= 1;
  CHECK(away.refresh(stun::MobilityTicket{ticket}).error() == 400);
}
