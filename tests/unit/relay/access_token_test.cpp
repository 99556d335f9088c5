#include "server/core/access_token.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "server/core/aead.hpp"
#include "server/core/base64.hpp"
#include "tests/unit/relay/tcp_client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Method;

namespace {

constexpr std::string_view server_name = "relay.example.org";
constexpr std::int64_t start = 1'800'000'000;  // the server's time in these tests

OauthKey key_of(std::string_view kid, std::string_view bytes) {
  return {std::string(kid), copy_of(as_bytes(bytes))};
}
const OauthKey north = key_of("north", "01234567890123456789012345678901");
const OauthKey south = key_of("south", "0123456789012345");

/// What an authorization server puts into a token.
struct Grant {
  std::string mac_key = "abcdefghijklmnopqrst";
  std::int64_t timestamp = start;
  std::uint32_t lifetime = 3600;

  ByteVector block() const {
    ByteVector bytes(2 + mac_key.size() + 12);
    store_u16(bytes.data(), static_cast<std::uint16_t>(mac_key.size()));
    std::copy(mac_key.begin(), mac_key.end(), bytes.begin() + 2);
    std::uint8_t* const times = bytes.data() + 2 + mac_key.size();
    store_u64(times, static_cast<std::uint64_t>(timestamp) << 16 | 32'000);  // and a half
    store_u32(times + 8, lifetime);
    return bytes;
  }
};

ByteVector seal(const OauthKey& key, Bytes block, std::string_view name = server_name) {
  const Bytes nonce = as_bytes("nonce-of-12b");
  ByteVector token{0, 12};
  token.insert(token.end(), nonce.begin(), nonce.end());
  const ByteVector sealed = aead_seal(key.key, nonce, block, as_bytes(name));
  token.insert(token.end(), sealed.begin(), sealed.end());
  return token;
}
ByteVector token_of(const OauthKey& key, const Grant& grant = {}) {
  return seal(key, grant.block());
}

std::optional<Session> open(const OauthKey& key, Bytes token, std::int64_t wall = start) {
  return open_access_token(key, server_name, token, {wall});
}

Config with_oauth() {
  Config config = usual_config();
  config.oauth_keys = {north, south};
  config.server_name = server_name;
  return config;
}

/// A client that an authorization server has given a token.
struct Bearer : Client {
  explicit Bearer(Server& relay, std::string_view address = "192.0.2.7:40000",
                  const OauthKey& oauth_key = north, const Grant& grant = {})
      : Client(relay, address, oauth_key.kid) {
    take(token_of(oauth_key, grant), grant.mac_key);
  }
  void take(ByteVector bytes, std::string_view mac_key) {
    token = std::move(bytes);
    session_key = stun::Key(as_bytes(mac_key));
  }

  template <class... Attributes>
  Answer ask(Method method, const Attributes&... attributes) {
    if (nonce.empty()) fetch_challenge();
    ByteVector buffer(2048);
    stun::MessageBuilder builder(buffer, stun::Class::request, method, {{++sent}});
    (builder.add(attributes), ...);
    builder.add(stun::Username{user}).add(stun::Realm{realm}).add(stun::Nonce{nonce});
    builder.add_message_integrity(session_key);
    return send(builder.finish());
  }
  template <class... Attributes>
  Answer ask_for_allocation(const Attributes&... attributes) {
    return ask(Method::allocate, udp, stun::AccessToken{token}, attributes...);
  }
  template <class... Attributes>
  Answer ask_for_refresh(const Attributes&... attributes) {
    return ask(Method::refresh, stun::AccessToken{token}, attributes...);
  }
  Answer ask_for_permission() {
    return ask(Method::create_permission, stun::XorPeerAddress{peer_a});
  }

  ByteVector token;
  stun::Key session_key;
  std::uint8_t sent = 0;
};

constexpr stun::LifetimeAttribute longest{3600};

}  // namespace

TEST_CASE("access token: what it says is read", "[relay][rfc7635-6.2]") {
  for (const OauthKey& key : {north, south}) {
    const auto session = open(key, token_of(key));
    REQUIRE(session);
    CHECK(session->kid == key.kid);
    CHECK(session->mac_key == stun::Key(as_bytes("abcdefghijklmnopqrst")));
    CHECK(session->expires.value == start + 3605);
  }
}

// turnutils_oauth -e -i relay.example.org -j north -k MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
// -l 1800000000 -m 99999999 -n A256GCM -o bm9uY2Utb2YtMTJi -p YWJjZGVmZ2hpamtsbW5vcHFyc3Q= -q
// 117964800000000 -r 3600, and the same with A128GCM and the other key.
TEST_CASE("access token: those of coturn are read", "[relay][rfc7635-6.2]") {
  const auto of_north = from_base64(
      "AAxub25jZS1vZi0xMmJKNJ5H+P4LjQuzQ2iggRJ/"
      "bZ/IXJK7Y6X8ZqciN0MEktmkhDQ+MmOv7wyF7f+NrBZ0Ag==");
  const auto of_south = from_base64(
      "AAxub25jZS1vZi0xMmKL3MC+nZMG276v8pknLC46vqUiaJ+5EfpG3Ow91EC/QE2GFxd6Vr18Dja/fksUvV0SfA==");
  REQUIRE(open(north, *of_north));
  CHECK(open(north, *of_north)->mac_key == stun::Key(as_bytes("abcdefghijklmnopqrst")));
  CHECK(open(south, *of_south));
  CHECK_FALSE(open(north, *of_south));
}

TEST_CASE("access token: it may come in base64, as the client was given it",
          "[relay][rfc7635-6.2]") {
  CHECK(open(north, as_bytes(base64(token_of(north)))));
  CHECK_FALSE(open(north, as_bytes("A" + base64(token_of(north)))));
}

TEST_CASE("access token: it is good for the server that it was made for", "[relay][rfc7635-6.2]") {
  CHECK_FALSE(open(north, seal(north, Grant{}.block(), "other.example.org")));
  CHECK_FALSE(open(north, seal(north, Grant{}.block(), "")));
}

TEST_CASE("access token: it is good for its lifetime and five seconds, on either side of its time",
          "[relay][rfc7635-7][rfc7635-9]") {
  const ByteVector token = token_of(north, {.lifetime = 100});
  CHECK(open(north, token, start + 104)->expires.value == start + 105);
  CHECK_FALSE(open(north, token, start + 105));
  CHECK(open(north, token, start - 104)->expires.value == start - 103);
  CHECK_FALSE(open(north, token, start - 105));
  CHECK_FALSE(open(north, token, 0));
}

TEST_CASE("access token: times from the end of time do not overflow", "[relay][rfc7635-7]") {
  const std::int64_t last = (std::int64_t{1} << 48) - 1;
  CHECK_FALSE(open(north, token_of(north, {.timestamp = last})));
  CHECK_FALSE(open(north, token_of(north, {.timestamp = last, .lifetime = 0xffffffff})));
  CHECK(open(north, token_of(north, {.lifetime = 0xffffffff}))->expires.value ==
        start + 0xffffffff + 5);
  CHECK_FALSE(open(north, token_of(north, {.timestamp = 0})));
}

TEST_CASE("access token: one that is cut or bent anywhere is nothing", "[relay][rfc7635-7]") {
  const ByteVector token = token_of(north);
  for (std::size_t i = 0; i < token.size(); ++i) {
    CHECK_FALSE(open(north, Bytes(token).first(i)));
    ByteVector bent = token;
    bent[i] ^= 1;
    CHECK_FALSE(open(north, bent));
  }
}

TEST_CASE("access token: lengths inside that do not add up are refused", "[relay][rfc7635-6.2]") {
  const ByteVector block = Grant{}.block();
  for (std::size_t size = 0; size < block.size(); ++size)
    CHECK_FALSE(open(north, seal(north, Bytes(block).first(size))));
  ByteVector longer = block;
  longer.push_back(0);
  CHECK_FALSE(open(north, seal(north, longer)));
  for (const std::uint16_t length : {0, 19, 21, 32, 0xffff}) {
    ByteVector wrong = block;
    store_u16(wrong.data(), length);
    CHECK_FALSE(open(north, seal(north, wrong)));
  }
}

TEST_CASE("access token: a key that could be guessed is refused", "[relay][rfc7635-6.2]") {
  for (const std::size_t size : {0u, 1u, 15u})
    CHECK_FALSE(open(north, token_of(north, {.mac_key = std::string(size, 'k')})));
  for (const std::size_t size : {16u, 20u, 32u, 64u, 200u})
    CHECK(open(north, token_of(north, {.mac_key = std::string(size, 'k')})));
}

TEST_CASE("relay: the challenge tells the name by which authorization servers know the server",
          "[relay][rfc7635-4][rfc7635-6.1]") {
  Server server(with_oauth());
  const Answer answer = Client(server).unsigned_request(Method::allocate, udp);
  CHECK(answer.error() == 401);
  CHECK(answer.get<stun::ThirdPartyAuthorization>().text == server_name);
  CHECK(
      answer.get<stun::Nonce>().text.starts_with("obMatJos2gAAA"));  // no USERHASH: it hides a kid
  Server without;
  CHECK_FALSE(Client(without)
                  .unsigned_request(Method::allocate, udp)
                  .has(AttributeType::third_party_authorization));
}

TEST_CASE("relay: with an access token a client has an allocation, and signs with the token's key",
          "[relay][rfc7635-7][rfc7635-9]") {
  Server server(with_oauth());
  Bearer client(server);
  const Answer answer = client.ask_for_allocation();
  REQUIRE(answer.ok());
  CHECK(stun::verify_message_integrity(answer.view(), client.session_key));
  CHECK(client.ask_for_permission().ok());
  CHECK(client
            .ask(Method::channel_bind, stun::ChannelNumberAttribute{0x4000},
                 stun::XorPeerAddress{peer_a})
            .ok());
  CHECK(client.ask(Method::refresh).ok());
  CHECK(client.ask_for_refresh().ok());
  CHECK(client.ask_for_refresh(stun::LifetimeAttribute{0}).ok());
  CHECK(client.ask_for_permission().error() == 401);  // nobody knows the key any more
}

TEST_CASE("relay: a client with a token may choose SHA-256",
          "[relay][rfc7635-6.2][rfc8489-9.2.4]") {
  Server server(with_oauth());
  Bearer client(server);
  client.fetch_challenge();
  ByteVector buffer(2048);
  stun::MessageBuilder builder(buffer, stun::Class::request, Method::allocate, {{1}});
  builder.add(udp).add(stun::AccessToken{client.token}).add(stun::Username{client.user});
  builder.add(stun::Realm{client.realm}).add(stun::Nonce{client.nonce});
  builder.add(stun::PasswordAlgorithms{{{2, {}}, {1, {}}}}).add(stun::PasswordAlgorithm{{2, {}}});
  builder.add_message_integrity_sha256(client.session_key);
  const Answer answer = client.send(builder.finish());
  REQUIRE(answer.ok());
  CHECK(stun::verify_message_integrity_sha256(answer.view(), client.session_key));
}

TEST_CASE("relay: a client that signs with 16 bytes of the key, as coturn's does, is answered so",
          "[relay][rfc7635-5]") {
  Server server(with_oauth());
  Bearer client(server);
  client.session_key = stun::Key(client.session_key.bytes().first(16));
  const Answer answer = client.ask_for_allocation();
  REQUIRE(answer.ok());
  CHECK(stun::verify_message_integrity(answer.view(), client.session_key));
  CHECK(client.ask_for_permission().ok());
  CHECK(client.ask_for_refresh().ok());
  client.session_key = stun::Key(client.session_key.bytes().first(15));
  CHECK(client.ask_for_permission().error() == 401);
}

TEST_CASE("relay: a repeated Allocate with a token gets the same answer", "[relay][rfc8656-7.2]") {
  Server server(with_oauth());
  Bearer client(server);
  const Answer first = client.ask_for_allocation();
  client.sent = 0;
  const Answer again = client.ask_for_allocation();
  CHECK(again.bytes() == first.bytes());
  CHECK(client.ask_for_allocation().error() == 437);
}

TEST_CASE("relay: an allocation lasts no longer than its token", "[relay][rfc7635-9]") {
  Server server(with_oauth());
  Bearer client(server, "192.0.2.7:40000", north, {.lifetime = 100});
  CHECK(client.ask_for_allocation(longest).lifetime() == 105);
  server.forward(50s);
  CHECK(client.ask_for_refresh(longest).lifetime() == 55);
  CHECK(client.ask(Method::refresh, longest).lifetime() == 55);
  server.forward(55s);
  CHECK(server.open_sockets().empty());
  CHECK(client.ask_for_allocation().error() == 401);
  Bearer patient(server, "192.0.2.8:40000", north, {.timestamp = server.wall.value});
  CHECK(patient.ask_for_allocation(longest).lifetime() == 3600);
}

TEST_CASE("relay: a new token refreshes the allocation, also one of another key",
          "[relay][rfc7635-9]") {
  Server server(with_oauth());
  Bearer client(server, "192.0.2.7:40000", north, {.lifetime = 100});
  REQUIRE(client.ask_for_allocation().ok());
  const auto old_key = client.session_key;
  const Grant renewed{.mac_key = "another-key-of-twenty"};
  client.take(token_of(north, renewed), renewed.mac_key);
  CHECK(client.ask_for_permission().error() == 401);  // the server has not seen the new token
  CHECK(client.ask_for_refresh(longest).lifetime() == 3600);
  CHECK(client.ask_for_permission().ok());
  client.session_key = old_key;
  CHECK(client.ask_for_permission().error() == 401);

  Bearer of_next_key(server, "192.0.2.7:40000", south);
  CHECK(of_next_key.ask_for_permission().error() == 401);
  CHECK(of_next_key.ask_for_refresh().ok());
  CHECK(of_next_key.ask_for_permission().ok());
  Client alice(server);
  CHECK(alice.refresh().error() == 441);
  CHECK(server.counters().allocations_now == 1);
}

TEST_CASE("relay: a token is no way to what a user with a password has made",
          "[relay][rfc8656-5]") {
  Server server(with_oauth());
  Client alice(server);
  REQUIRE(alice.allocate().ok());
  CHECK(Bearer(server).ask_for_refresh().error() == 441);
  CHECK(Bearer(server).ask_for_allocation().error() == 437);
}

TEST_CASE("relay: a token that is not right is refused with 401 and leaves nothing behind",
          "[relay][rfc7635-7]") {
  Server server(with_oauth());
  Bearer client(server);
  const auto refused = [&](ByteVector token) {
    client.token = std::move(token);
    const Answer answer = client.ask_for_allocation();
    return answer.error() == 401 && answer.has(AttributeType::nonce) &&
           !answer.has(AttributeType::message_integrity);
  };
  const ByteVector good = client.token;
  CHECK(refused({}));
  CHECK(refused({0xff, 0xff}));
  CHECK(refused(token_of(key_of("north", "another-key-of16"))));
  CHECK(refused(token_of(south)));
  CHECK(refused(token_of(north, {.timestamp = start - 4000})));
  CHECK(refused(token_of(north, {.mac_key = "not what it is signed with"})));
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(refused({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}));
  client.user = "nobody";
  CHECK(refused(good));
  CHECK(server.open_sockets().empty());
  client.user = "north";
  client.token = good;
  CHECK(client.ask_for_allocation().ok());
}

TEST_CASE("relay: a good token does not stand for a stale nonce or another realm",
          "[relay][rfc7635-7][rfc8489-9.2.4]") {
  Server server(with_oauth());
  Bearer client(server, "192.0.2.7:40000", north, {.lifetime = 10'000});
  client.fetch_challenge();
  server.forward(1h);
  CHECK(client.ask_for_allocation().error() == 438);
  client.realm = "example.net";
  CHECK(client.ask_for_allocation().error() == 401);
}

TEST_CASE("relay: where nobody asks for one an access token is an unknown attribute",
          "[relay][rfc7635-7]") {
  Server server;
  Bearer client(server);
  const Answer answer = client.ask_for_allocation();
  CHECK(answer.error() == 420);
  CHECK(answer.get<stun::UnknownAttributes>().types == std::vector{AttributeType::access_token});
  CHECK(client.unsigned_request(Method::allocate, udp, stun::AccessToken{client.token}).error() ==
        401);
}

TEST_CASE("relay: users with passwords are served beside those with tokens", "[relay][rfc7635-9]") {
  Server server(with_oauth());
  CHECK(Client(server).allocate().ok());
}

TEST_CASE("relay: those who have the same token share a quota, others do not",
          "[relay][quota][rfc7635-9]") {
  Config config = with_oauth();
  config.user_quota = 1;
  Server server(config);
  REQUIRE(Bearer(server, "192.0.2.7:1").ask_for_allocation().ok());
  CHECK(Bearer(server, "192.0.2.7:2").ask_for_allocation().error() == 486);
  CHECK(Bearer(server, "192.0.2.7:3", north, {.mac_key = "another-key-of-twenty"})
            .ask_for_allocation()
            .ok());
}

TEST_CASE("relay: what was taken away of the keys lasts until its tokens end",
          "[relay][config][rfc7635-9]") {
  Server server(with_oauth());
  Bearer client(server);
  REQUIRE(client.ask_for_allocation().ok());
  server.reconfigure([](Config& config) { config.oauth_keys = {south}; });
  CHECK(client.ask_for_permission().ok());
  CHECK(client.ask_for_refresh().error() == 401);
  CHECK(Bearer(server, "192.0.2.7:2").ask_for_allocation().error() == 401);
  CHECK(Bearer(server, "192.0.2.7:3", south).ask_for_allocation().ok());
}

TEST_CASE("relay: ConnectionBind and a moved client's requests are signed with the token's key",
          "[relay][rfc7635-9][rfc6062-5.4][rfc8016-3.2.2]") {
  Config config = with_oauth();
  config.mobility = true;
  Server server(config);
  Bearer control(server);
  control.over_tcp();
  REQUIRE(control.ask(Method::allocate, tcp, stun::AccessToken{control.token}).ok());
  control.ask(Method::connect, stun::XorPeerAddress{peer_a});
  const Answer connected(server.connected(server.connects.at(0).id));
  Bearer data(server, "192.0.2.7:40001");
  data.over_tcp();
  CHECK(data.ask(Method::connection_bind, connected.get<stun::ConnectionId>()).ok());

  Bearer home(server, "192.0.2.8:1"), away(server, "192.0.2.9:1");
  const ByteVector ticket =
      copy_of(home.ask_for_allocation(stun::MobilityTicket{}).get<stun::MobilityTicket>().bytes);
  CHECK(away.ask_for_refresh(stun::MobilityTicket{ticket}).ok());
  CHECK(away.ask_for_permission().ok());
}
