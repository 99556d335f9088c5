// Holes that another server had, by the names that they were given: what went wrong there must not
// here. Those of the shell and of the user file are in their own tests.

#include <algorithm>
#include <catch2/catch.hpp>

#include "server/core/aead.hpp"
#include "server/core/peer_gate.hpp"
#include "stile/stun/stream_framing.hpp"
#include "tests/unit/relay/any_attribute.hpp"
#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Class;
using stun::Method;

namespace {

constexpr stun::LifetimeAttribute at_once{0};
const stun::MobilityTicket wanted{};

/// As an operator has it who says nothing of peers.
Config without_rules() {
  Config config = usual_config();
  config.peers = {};
  return config;
}

Config mobile() {
  Config config = usual_config();
  config.mobility = true;
  return config;
}

ByteVector ticket_of(const Answer& answer) {
  return copy_of(answer.get<stun::MobilityTicket>().bytes);
}

std::string client_at(unsigned port) {
  return "192.0.2.7:" + std::to_string(port);
}

/// The peer can be reached in none of the ways that there are.
void check_out_of_reach(std::string_view address) {
  INFO(address);
  Server server(without_rules());
  Client client(server, client_at(1));
  TcpClient tcp_client(server, client_at(2));
  const TransportAddress relayed = client.allocate(stun::AdditionalAddressFamily{2}).relayed();
  REQUIRE(tcp_client.request(Method::allocate, tcp, stun::AdditionalAddressFamily{2}).ok());
  const TransportAddress peer{IpAddress::parse(address).value(), 80};
  CHECK(client.permit(peer).error() == 403);
  CHECK(client.bind(0x4000, peer).error() == 403);
  CHECK(client.send_to(peer, "data").nothing());
  CHECK(tcp_client.connect(peer).error() == 403);
  CHECK(server.peer_sends(relayed, peer, as_bytes("data")).nothing());
}

bool padding_is_zero(Bytes message) {
  bool zero = true;
  stun::MessageView::parse(message)->for_each([&](const stun::AttributeView& attribute) {
    const std::size_t end = attribute.offset + 4 + attribute.value.size();
    for (std::size_t i = end; i % 4 != 0; ++i) zero = zero && message[i] == 0;
  });
  return zero;
}

}  // namespace

TEST_CASE("CVE-2018-4056, GHSA-v8hj-2xx7-xmp5: SQL in a name or a realm is text",
          "[relay][regression]") {
  const std::string sql = "'; DROP TABLE users; --";
  Config config = usual_config();
  config.users[sql] = "secret";
  config.realm = sql;
  Server server(config);
  CHECK(Client(server, client_at(1), sql).allocate().ok());
  CHECK(Client(server, client_at(2), "' OR '1'='1").allocate().error() == 401);
  const AnyAttribute origin{AttributeType{0x802f}, copy_of(as_bytes(sql))};
  CHECK(Client(server, client_at(3)).allocate(origin).ok());
}

TEST_CASE("CVE-2018-4058: loopback is out of reach unless it is opened", "[relay][regression]") {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) check_out_of_reach(address);
}

TEST_CASE("CVE-2020-4067: no answer shows what the buffer held before", "[relay][regression]") {
  Config config = usual_config();
  config.realm = "abc";  // padded
  config.users["u"] = "secret";
  Server server(config);
  const AnyAttribute unknown{AttributeType{0x7ffe}, {1}};
  for (unsigned i = 1; i <= 3; ++i) {
    Client client(server, client_at(i), "u");
    const Answer challenge = client.unsigned_request(Method::allocate, udp);
    client.fetch_challenge();
    for (const Answer& answer :
         {challenge, client.allocate(stun::EvenPort{true}), client.refresh(unknown),
          client.permit({*IpAddress::parse("10.0.0.1"), 1}), client.bind(0x4000, peer_a),
          client.unsigned_request(Method::binding, unknown)})
      CHECK(padding_is_zero(answer.bytes()));
    const ByteVector data(i, 0xff);
    const Reaction indication =
        server.peer_sends(server.open_sockets().back(), {peer_a.ip, 1}, data);
    CHECK(padding_is_zero(indication.message));
  }
}

TEST_CASE("CVE-2020-26262: addresses that lead to loopback are out of reach as loopback is",
          "[relay][regression]") {
  for (const char* address : {"0.0.0.0", "0.1.2.3", "::", "::1", "::ffff:0.0.0.0"})
    check_out_of_reach(address);
}

TEST_CASE("CVE-2025-69217: all that must not be guessed comes from the random source",
          "[relay][regression]") {
  std::set<std::uint16_t> ports;
  std::set<std::uint32_t> connection_ids;
  std::set<ByteVector> tickets;
  std::set<std::array<std::uint8_t, 8>> tokens;
  std::set<std::string> nonces;
  constexpr std::size_t servers = 30;
  for (std::uint64_t seed = 0; seed < servers; ++seed) {
    Config config = mobile();
    config.nonce_keys.clear();
    Server server(config, nullptr, {}, seed);
    Client client(server);
    const Answer answer = client.allocate(wanted, stun::EvenPort{true});
    ports.insert(answer.relayed().port);
    tickets.insert(ticket_of(answer));
    tokens.insert(answer.get<stun::ReservationToken>().token);
    nonces.insert(client.nonce);
    TcpClient tcp_client(server, client_at(1));
    REQUIRE(tcp_client.allocate_tcp().ok());
    connection_ids.insert(tcp_client.connection_with(peer_a));
  }
  CHECK(ports.size() >= servers - 1);  // two may meet by chance
  CHECK(connection_ids.size() == servers);
  CHECK(tickets.size() == servers);
  CHECK(tokens.size() == servers);
  CHECK(nonces.size() == servers);
}

TEST_CASE("CVE-2026-27624: an IPv4 address within an IPv6 one is denied as itself",
          "[relay][regression]") {
  for (const char* address :
       {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::1", "2001:0:808:808::80ff:fffe",
        "2a00:1450::5efe:10.0.0.1"})
    check_out_of_reach(address);
}

TEST_CASE("GHSA-w4hf-cr3w-6h79: every address of loopback is denied in its mapped form",
          "[relay][regression]") {
  const PeerGate gate(without_rules());
  SeededRandom random(5);
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t bits = 0x7f000000 | random.below(1u << 24);
    CHECK_FALSE(gate.admits(*IpAddress::parse("::ffff:" + IpAddress::v4(bits).to_string())));
  }
}

TEST_CASE("IPv6 ranges, coturn 6c13608c: a denied range is compared as one number",
          "[relay][regression]") {
  SeededRandom random(6);
  for (int i = 0; i < 1000; ++i) {
    std::array<std::uint8_t, 16> base, other;
    random.fill(base);
    random.fill(other);
    base[0] = other[0] = 0x26;  // global unicast, of no special range
    base[1] = other[1] = 0x10;
    const unsigned length = 16 + random.below(113);
    if (random.below(2) == 0) std::copy_n(base.begin(), length / 8, other.begin());
    Config config;
    config.peers.deny = {IpPrefix(IpAddress::v6(base), length)};
    bool inside = true;
    for (unsigned bit = 0; bit < length; ++bit)
      inside = inside && ((base[bit / 8] ^ other[bit / 8]) >> (7 - bit % 8) & 1) == 0;
    CHECK(PeerGate(config).admits(IpAddress::v6(other)) != inside);
  }
}

TEST_CASE("CVE-2026-40613: messages are read at any alignment", "[relay][regression]") {
  Server server;
  Client client(server);
  const TransportAddress relayed = client.allocate().relayed();
  REQUIRE(client.bind(0x4000, peer_a).ok());
  const RelaySocketId socket = client.channel_data(0x4000, "x").from;
  const ByteVector request =
      client.build(Class::request, Method::create_permission, true, stun::XorPeerAddress{peer_b},
                   stun::XorPeerAddress{peer_a}, AnyAttribute{AttributeType{0xfffe}, {1}});
  const ByteVector channel_data{0x40, 0, 0, 1, 'x'};
  for (std::size_t shift = 0; shift < 8; ++shift)
    for (const ByteVector& message : {request, channel_data}) {
      ByteVector buffer(shift + datagram_headroom + message.size() + datagram_tailroom);
      const MutableBytes datagram =
          MutableBytes(buffer).subspan(shift + datagram_headroom, message.size());
      std::ranges::copy(message, datagram.begin());
      const Outcome from_client = server.relay().handle_client_datagram(
          server.now, server.wall, client.five_tuple, datagram);
      CHECK_FALSE(std::holds_alternative<Nothing>(from_client));
      const Outcome from_peer =
          server.relay().handle_peer_datagram(server.now, socket, peer_b, datagram);
      CHECK(std::holds_alternative<ToClient>(from_peer));
    }
  CHECK(server.is_open(relayed));
}

TEST_CASE("CVE-2026-43994: a token's lengths are believed nowhere", "[relay][regression]") {
  Config config = usual_config();
  const ByteVector key(32, 7), nonce(aead_nonce_size);
  config.oauth_keys = {{"alice", key}};
  config.users.clear();
  Server server(config);
  for (const std::uint16_t length : {0, 1, 11, 12, 13, 255, 256, 700, 0x7fff, 0xffff})
    for (const std::size_t size : {0u, 1u, 12u, 28u, 64u, 600u}) {
      ByteVector token(2 + size);
      store_u16(token.data(), length);
      CHECK(Client(server).allocate(stun::AccessToken{token}).error() == 401);
      ByteVector block(2 + size);
      store_u16(block.data(), length);
      const ByteVector sealed = aead_seal(key, nonce, block);
      token.assign({0, aead_nonce_size});
      token.insert(token.end(), nonce.begin(), nonce.end());
      token.insert(token.end(), sealed.begin(), sealed.end());
      CHECK(Client(server).allocate(stun::AccessToken{token}).error() == 401);
    }
}

TEST_CASE("framing, coturn 1837: the length of a message on a stream does not wrap around",
          "[relay][regression]") {
  for (const std::size_t length : {0xffecu, 0xfff0u, 0xfff4u, 0xfff8u, 0xfffcu}) {
    ByteVector stream(stun::header_size);
    store_u16(stream.data() + 2, static_cast<std::uint16_t>(length));
    store_u32(stream.data() + 4, stun::magic_cookie);
    CHECK(stun::next_frame(stream).status == stun::Frame::Status::incomplete);
    stream.resize(stun::header_size + length);
    const stun::Frame frame = stun::next_frame(stream);
    CHECK(frame.status == stun::Frame::Status::complete);
    CHECK(frame.message_size == stream.size());
  }
}

TEST_CASE("GHSA-4g7c-p5wg-j4hp: a name is no format", "[relay][regression]") {
  const std::string name = "%n%s%p%1000000d{}{0}";
  Config config = usual_config();
  config.users[name] = "secret";
  Server server(config);
  REQUIRE(Client(server, client_at(1), name).allocate().ok());
  CHECK(std::get<AllocationCreated>(server.events.back()).username == name);
}

TEST_CASE("coturn ab762f33: nothing behind MESSAGE-INTEGRITY is obeyed", "[relay][regression]") {
  for (unsigned type = 0; type < 0x80; ++type)
    for (const unsigned base : {0x0000u, 0x8000u}) {
      const AttributeType each{static_cast<std::uint16_t>(base + type)};
      if (each == AttributeType::message_integrity_sha256)
        continue;                                        // checked in the other's place
      if (each == AttributeType::fingerprint) continue;  // wrong: the whole is dropped
      Server server(mobile());
      Client client(server);
      client.fetch_challenge();
      ByteVector buffer(2048);
      stun::MessageBuilder builder(buffer, Class::request, Method::allocate, {});
      builder.add(udp);
      client.add_credentials(builder);
      builder.add(each, ByteVector(8, 0xff));
      const Answer answer = client.send(builder.finish());
      INFO(base + type);
      REQUIRE(answer.ok());
      CHECK(answer.lifetime() == 600);
      CHECK(answer.relayed().ip == relay_v4);
      CHECK_FALSE(answer.has(AttributeType::reservation_token));
      CHECK_FALSE(answer.has(AttributeType::mobility_ticket));
    }
}

TEST_CASE("coturn 1969: a mobility ticket resumes for its owner alone", "[relay][regression]") {
  Server server(mobile());
  Client alice(server);
  const ByteVector ticket = ticket_of(alice.allocate(wanted));
  Client bob(server, "198.18.0.9:1", "bob", "hunter2");
  CHECK(bob.refresh(stun::MobilityTicket{ticket}).error() == 441);
  CHECK(bob.refresh(stun::MobilityTicket{ticket}, at_once).error() == 441);
  CHECK(alice.refresh().ok());
}

TEST_CASE("GHSA-hpq3-g7x4-h7xx: resuming again and again leaves no orphans",
          "[relay][regression]") {
  Server server(mobile());
  Client client(server);
  ByteVector ticket = ticket_of(client.allocate(wanted));
  for (unsigned i = 1; i <= 500; ++i) {
    Client next(server, "198.18.0.9:" + std::to_string(i));
    const Answer moved = next.refresh(stun::MobilityTicket{ticket});
    REQUIRE(moved.ok());
    ticket = ticket_of(moved);
    Client late(server, "198.18.1.9:" + std::to_string(i));
    CHECK(late.refresh(stun::MobilityTicket{ByteVector(32, 1)}).error() == 400);
  }
  CHECK(server.counters().allocations_now == 1);
  CHECK(server.open_sockets().size() == 1);
  CHECK(server.released.size() == 499);
  server.forward(10min);
  CHECK(server.counters().allocations_now == 0);
  CHECK(server.released.size() == 501);
  CHECK(server.relay().poll_timeout() == never);
}

TEST_CASE("GHSA-f6hc-79w3-p8pq: moving is no way past the quota", "[relay][regression]") {
  Config config = mobile();
  config.user_quota = 2;
  Server server(config);
  Client first(server, client_at(1)), second(server, client_at(2));
  std::vector<ByteVector> tickets{ticket_of(first.allocate(wanted)),
                                  ticket_of(second.allocate(wanted))};
  for (unsigned i = 0; i < 20; ++i) {
    Client moved(server, "198.18.0.9:" + std::to_string(i + 1));
    tickets[i % 2] = ticket_of(moved.refresh(stun::MobilityTicket{tickets[i % 2]}));
    moved.send_to(peer_a, "here I am");
    CHECK(Client(server, client_at(100 + i)).allocate().error() == 486);
    CHECK(Client(server, client_at(200 + i)).allocate(wanted).error() == 486);
  }
  CHECK(server.counters().allocations_now == 2);
}

TEST_CASE("GHSA-847g-qmc6-6m4r: an even port alone does not take its neighbour along",
          "[relay][regression]") {
  Config config = usual_config();
  config.relay_ports = {50'000, 50'003};
  config.port_quarantine = Duration::zero();
  Server server(config);
  for (int i = 0; i < 1000; ++i) {
    Client client(server);
    REQUIRE(client.allocate(stun::EvenPort{false}).ok());
    REQUIRE(client.refresh(at_once).ok());
  }
  for (unsigned i = 1; i <= 4; ++i) CHECK(Client(server, client_at(i)).allocate().ok());
}

TEST_CASE("coturn 1999: a flood of strangers leaves nothing behind", "[relay][regression]") {
  Server server;
  SeededRandom random(9);
  for (int i = 0; i < 20'000; ++i) {
    Client stranger(server);
    stranger.five_tuple.client = {IpAddress::v4(0x08000000 | random.below(1u << 24)),
                                  static_cast<std::uint16_t>(1 + random.below(65'535))};
    const Method method = i % 2 == 0 ? Method::allocate : Method::binding;
    stranger.unsigned_request(method, udp);
  }
  CHECK(server.relay().poll_timeout() == never);
  CHECK(server.counters().allocations_now == 0);
  CHECK(server.open_sockets().empty());
  CHECK(server.events.empty());
}

TEST_CASE("coturn 1898, 1933, 1960: sessions that end give everything back",
          "[relay][regression]") {
  Config config = mobile();
  config.total_quota = 4;
  config.user_quota = 2;
  config.relay_ports = {50'000, 50'015};
  Server server(config);
  for (unsigned i = 0; i < 2000; ++i) {
    Client client(server, client_at(1 + i % 60'000));
    TcpClient tcp_client(server, "192.0.2.8:" + std::to_string(1 + i), "bob", "hunter2");
    REQUIRE(client.allocate(stun::AdditionalAddressFamily{2}).ok());
    REQUIRE(client.bind(0x4000, peer_a).ok());
    REQUIRE(tcp_client.allocate_tcp().ok());
    tcp_client.connect(peer_a);
    if (i % 3 == 0) REQUIRE(client.refresh(at_once).ok());
    if (i % 3 == 1) CHECK(server.close(client.five_tuple));
    if (i % 3 == 2) server.forward(10min);
    server.client_closes(tcp_client.five_tuple);
    server.forward(2min);  // of the ports' quarantine
  }
  server.forward(1h);
  CHECK(server.open_sockets().empty());
  CHECK(server.flows == 0);
  CHECK(server.counters().allocations_now == 0);
  CHECK(server.counters().peer_connections_now == 0);
  CHECK(server.relay().poll_timeout() == never);
}
