#include <catch2/catch.hpp>

#include "server/core/rest_credentials.hpp"
#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::Class;
using stun::Method;

namespace {

bool has_no_integrity(const Answer& answer) {
  return !answer.has(AttributeType::message_integrity) &&
         !answer.has(AttributeType::message_integrity_sha256);
}

std::size_t attribute_count(const Answer& answer) {
  std::size_t count = 0;
  answer.view().for_each([&](const stun::AttributeView&) { ++count; });
  return count;
}

/// An Allocate with the given credential attributes, then a MESSAGE-INTEGRITY of the client's key.
template <class... Attributes>
Answer allocate_with(Client& client, const Attributes&... attributes) {
  ByteVector buffer(2048);
  stun::MessageBuilder builder(buffer, Class::request, Method::allocate, {{1, 2, 3}});
  builder.add(udp);
  (builder.add(attributes), ...);
  builder.add_message_integrity(client.key());
  return client.send(builder.finish());
}

Config with_secrets(std::vector<std::string> secrets) {
  Config config = usual_config();
  config.auth_secrets = std::move(secrets);
  return config;
}

Client rest_client(Server& server, std::string_view secret, std::string user,
                   std::string_view at = "192.0.2.7:40000", RestHash hash = RestHash::sha1) {
  std::string password = rest_password(hash, secret, user);
  return Client(server, at, std::move(user), std::move(password));
}

}  // namespace

TEST_CASE("relay: a request without credentials is challenged and leaves no state",
          "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  const Answer answer = client.unsigned_request(Method::allocate, udp);
  CHECK(answer.error() == 401);
  CHECK(answer.get<stun::Realm>().text == "example.org");
  CHECK(answer.has(AttributeType::nonce));
  CHECK(has_no_integrity(answer));
  CHECK(server.open_sockets().empty());
  CHECK(server.relay().poll_timeout() == never);
  CHECK(server.counters().challenges == 1);
}

TEST_CASE("relay: a challenge offers SHA-256 and MD5 and says so in the nonce",
          "[relay][rfc8489-9.2.4][rfc8489-18.1]") {
  Server server;
  const Answer answer = Client(server).unsigned_request(Method::allocate, udp);
  const auto offered = answer.get<stun::PasswordAlgorithms>().algorithms;
  REQUIRE(offered.size() == 2);
  CHECK(offered[0].number == 2);
  CHECK(offered[1].number == 1);
  CHECK(answer.get<stun::Nonce>().text.starts_with("obMatJos2wAAA"));  // bits 0 and 1

  Server with_rest(with_secrets({"key"}));
  CHECK(Client(with_rest)
            .unsigned_request(Method::allocate, udp)
            .get<stun::Nonce>()
            .text.starts_with("obMatJos2gAAA"));
}

TEST_CASE("relay: MD5 and MESSAGE-INTEGRITY serve clients that choose no algorithm",
          "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  const Answer answer = client.allocate();
  REQUIRE(answer.ok());
  CHECK(stun::verify_message_integrity(answer.view(), client.key()));
  CHECK_FALSE(answer.has(AttributeType::message_integrity_sha256));
}

TEST_CASE("relay: each offered algorithm can be chosen", "[relay][rfc8489-9.2.4][rfc8489-18.5.1]") {
  for (const auto algorithm :
       {stun::PasswordAlgorithmNumber::md5, stun::PasswordAlgorithmNumber::sha256}) {
    Server server;
    Client client(server);
    client.algorithm = algorithm;
    const Answer answer = client.allocate();
    REQUIRE(answer.ok());
    CHECK(stun::verify_message_integrity_sha256(answer.view(), client.key()));
    CHECK_FALSE(answer.has(AttributeType::message_integrity));
  }
}

TEST_CASE("relay: USERHASH stands for USERNAME", "[relay][rfc8489-14.4]") {
  Server server;
  Client client(server);
  client.anonymous = true;
  CHECK(client.allocate().ok());
}

TEST_CASE("relay: a USERHASH of nobody is as an unknown user", "[relay][rfc8489-14.4]") {
  Server server;
  Client client(server, "192.0.2.7:40000", "mallory");
  client.anonymous = true;
  CHECK(client.allocate().error() == 401);
}

TEST_CASE("relay: integrity without user, realm or nonce is a bad request",
          "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  const stun::Username user{client.user};
  const stun::Realm realm{client.realm};
  const stun::Nonce nonce{client.nonce};
  for (const Answer& answer :
       {allocate_with(client, realm, nonce), allocate_with(client, user, nonce),
        allocate_with(client, user, realm)}) {
    CHECK(answer.error() == 400);
    CHECK(attribute_count(answer) == 1);
  }
  CHECK(allocate_with(client, user, realm, nonce).ok());
}

TEST_CASE("relay: an unknown user and a wrong password look the same", "[relay][rfc8489-9.2.4]") {
  Server server;
  Client unknown(server, "192.0.2.7:40000", "mallo");
  Client wrong(server, "192.0.2.8:40000", "alice", "guess");
  const Answer to_unknown = unknown.allocate();
  const Answer to_wrong = wrong.allocate();
  CHECK(to_unknown.error() == 401);
  CHECK(to_wrong.error() == 401);
  CHECK(to_unknown.bytes().size() == to_wrong.bytes().size());
  CHECK(has_no_integrity(to_wrong));
  CHECK(to_wrong.has(AttributeType::nonce));
  CHECK(server.counters().failed_credentials == 2);
}

TEST_CASE("relay: a wrong realm is a 401", "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  client.realm = "example.net";
  CHECK(client.allocate().error() == 401);
}

TEST_CASE("relay: a nonce goes stale, and the new one works", "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  server.forward(1h);
  const Answer stale = client.allocate();
  REQUIRE(stale.error() == 438);
  CHECK(stale.has(AttributeType::realm));
  CHECK(stale.has(AttributeType::password_algorithms));
  client.nonce = stale.get<stun::Nonce>().text;
  CHECK(client.allocate().ok());
  CHECK(server.counters().stale_nonces == 1);
}

TEST_CASE("relay: a nonce is good for one client only", "[relay][rfc8489-9.2.4]") {
  Server server;
  Client first(server, "192.0.2.7:40000");
  Client second(server, "192.0.2.7:40001");
  first.fetch_challenge();
  second.fetch_challenge();
  CHECK(first.nonce != second.nonce);
  second.nonce = first.nonce;
  CHECK(second.allocate().error() == 438);
}

TEST_CASE("relay: garbage instead of a nonce is a 438", "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  const std::string good = client.nonce;
  for (std::size_t i = 0; i < good.size(); ++i) {
    client.nonce = good;
    client.nonce[i] = client.nonce[i] == 'x' ? 'y' : 'x';
    CHECK(client.allocate().error() == 438);
  }
  for (const std::string& text : {std::string("garbage"), good + "A", good.substr(1)}) {
    client.nonce = text;
    CHECK(client.allocate().error() == 438);
  }
}

TEST_CASE("relay: changed or halved PASSWORD-ALGORITHMS are a bad request",
          "[relay][rfc8489-9.2.1]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  const stun::Username user{client.user};
  const stun::Realm realm{client.realm};
  const stun::Nonce nonce{client.nonce};
  const stun::PasswordAlgorithms offered{{{2, {}}, {1, {}}}};
  const stun::PasswordAlgorithms bid_down{{{1, {}}}};
  const stun::PasswordAlgorithm md5{{1, {}}};
  const stun::PasswordAlgorithm unheard_of{{9, {}}};
  CHECK(allocate_with(client, user, realm, nonce, bid_down, md5).error() == 400);
  CHECK(allocate_with(client, user, realm, nonce, offered).error() == 400);
  CHECK(allocate_with(client, user, realm, nonce, md5).error() == 400);
  CHECK(allocate_with(client, user, realm, nonce, offered, unheard_of).error() == 400);
  CHECK(allocate_with(client, user, realm, nonce, offered, md5).ok());
}

TEST_CASE("relay: MESSAGE-INTEGRITY-SHA256 may be truncated to 16 bytes, not further",
          "[relay][rfc8489-14.6]") {
  for (const std::size_t size : {12u, 15u, 16u, 18u, 20u, 24u, 28u, 32u}) {
    Server server;
    Client client(server);
    client.fetch_challenge();
    client.algorithm = stun::PasswordAlgorithmNumber::sha256;
    ByteVector message = client.build(Class::request, Method::allocate, true, udp);
    const std::size_t at =
        stun::MessageView::parse(message)->find(AttributeType::message_integrity_sha256)->offset;
    message.resize(at + 4 + (size + 3) / 4 * 4);
    store_u16(message.data() + at + 2, static_cast<std::uint16_t>(size));
    store_u16(message.data() + 2, static_cast<std::uint16_t>(message.size() - stun::header_size));
    const auto digest = stun::hmac_sha256(client.key().bytes(), Bytes(message).first(at));
    std::copy_n(digest.begin(), message.size() - at - 4,
                message.begin() + static_cast<std::ptrdiff_t>(at) + 4);
    CHECK(client.send(message).ok() == (size >= 16 && size % 4 == 0));
  }
}

TEST_CASE("relay: attributes behind MESSAGE-INTEGRITY count for nothing", "[relay][rfc8489-14.5]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  ByteVector buffer(2048);
  stun::MessageBuilder builder(buffer, Class::request, Method::allocate, {});
  builder.add(udp);
  client.add_credentials(builder);
  builder.add(stun::LifetimeAttribute{3000})
      .add(stun::RequestedAddressFamily{9})
      .add(stun::PriorityAttribute{1});
  const Answer answer = client.send(builder.finish());
  REQUIRE(answer.ok());
  CHECK(answer.lifetime() == 600);
}

TEST_CASE("relay: oversized and empty user names get an answer", "[relay][rfc8489-14.3]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  client.user = std::string(513, 'a');
  CHECK(client.allocate().error() == 400);
  client.user.clear();
  CHECK(client.allocate().error() == 401);
}

TEST_CASE("relay: an empty or a quoted realm is another, an empty nonce is stale",
          "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  client.fetch_challenge();
  const std::string realm = client.realm;
  for (const std::string& text : {std::string(), '"' + realm + '"', realm + '\0'}) {
    client.realm = text;
    CHECK(client.allocate().error() == 401);
  }
  client.realm = realm;
  const stun::Username user{client.user};
  CHECK(allocate_with(client, user, stun::Realm{realm}, stun::Nonce{}).error() == 438);
}

TEST_CASE("relay: a client of a server that has started again is told at once",
          "[relay][rfc8489-9.2.4][rfc8656-5]") {
  Config config = usual_config();
  config.nonce_keys.clear();
  Server before(config);
  Client known(before);
  REQUIRE(known.allocate().ok());
  Server after(config, nullptr, {}, 2);
  Client client(after);
  client.realm = known.realm;
  client.nonce = known.nonce;
  const Answer stale = client.refresh();
  REQUIRE(stale.error() == 438);
  client.nonce = stale.get<stun::Nonce>().text;
  CHECK(client.refresh().error() == 437);
  CHECK(client.allocate().ok());
}

TEST_CASE("relay: errors after authentication are signed", "[relay][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  const Answer answer = client.refresh();
  CHECK(answer.error() == 437);
  CHECK(stun::verify_message_integrity(answer.view(), client.key()));
}

TEST_CASE("relay: another user's request on a 5-tuple is refused with 441", "[relay][rfc8656-5]") {
  Server server;
  Client alice(server);
  REQUIRE(alice.allocate().ok());
  Client bob(server, "192.0.2.7:40000", "bob", "hunter2");
  CHECK(bob.refresh().error() == 441);
  CHECK(bob.permit(peer_a).error() == 441);
  CHECK(bob.bind(0x4000, peer_a).error() == 441);
  CHECK(bob.allocate().error() == 437);
  CHECK(alice.refresh().ok());
}

TEST_CASE("relay: REST credentials of any secret are accepted", "[relay][rest]") {
  Server server(with_secrets({"new secret", "old secret"}));
  CHECK(rest_client(server, "new secret", "1800003600:carol", "192.0.2.7:1").allocate().ok());
  CHECK(rest_client(server, "old secret", "1800003600", "192.0.2.7:2").allocate().ok());
  CHECK(rest_client(server, "no secret", "1800003600:carol", "192.0.2.7:3").allocate().error() ==
        401);
  CHECK(rest_client(server, "new secret", "carol", "192.0.2.7:4").allocate().error() == 401);
  CHECK(Client(server, "192.0.2.7:5").allocate().ok());  // static users besides
}

TEST_CASE("relay: REST credentials may be made with SHA-256", "[relay][rest]") {
  Server server(with_secrets({"new secret", "old secret"}));
  for (const char* secret : {"new secret", "old secret"}) {
    Client client =
        rest_client(server, secret, "1800003600:carol", "192.0.2.7:1", RestHash::sha256);
    REQUIRE(client.allocate().ok());
    CHECK(client.refresh(stun::LifetimeAttribute{0}).ok());
    client.algorithm = stun::PasswordAlgorithmNumber::sha256;
    CHECK(client.allocate().ok());
    CHECK(client.refresh(stun::LifetimeAttribute{0}).ok());
  }
  CHECK(rest_client(server, "no secret", "1800003600:carol", "192.0.2.7:3", RestHash::sha256)
            .allocate()
            .error() == 401);
}

TEST_CASE("relay: REST passwords are the base64 of an HMAC", "[relay][rest]") {
  // printf 1800000000:carol | openssl dgst -sha1 -hmac key -binary | base64; the same with -sha256
  CHECK(rest_password(RestHash::sha1, "key", "1800000000:carol") == "PjGVjOgDskknB8l0cKQqsuNK3tU=");
  CHECK(rest_password(RestHash::sha256, "key", "1800000000:carol") ==
        "lNxkvlxeXStlmj3D4y+uOI/4eOQyHvUEEdSg1moIiHQ=");
}

TEST_CASE("relay: REST credentials expire, for allocations and not for those who have one",
          "[relay][rest]") {
  Server server(with_secrets({"key"}));
  Client client = rest_client(server, "key", "1800000300:carol");
  REQUIRE(client.allocate().ok());
  server.forward(301s);
  CHECK(client.refresh().ok());
  CHECK(client.permit(peer_a).ok());
  CHECK(rest_client(server, "key", "1800000300:carol", "192.0.2.8:1").allocate().error() == 401);
}

TEST_CASE("relay: with strict expiry an expired REST credential is of no more use",
          "[relay][rest]") {
  Config config = with_secrets({"key"});
  config.strict_expiry = true;
  Server server(config);
  Client client = rest_client(server, "key", "1800000300:carol");
  REQUIRE(client.allocate().ok());
  server.forward(301s);
  CHECK(client.refresh().error() == 401);
}

TEST_CASE("relay: a renewed REST credential is the same user", "[relay][rest][rfc8656-5]") {
  Config config = with_secrets({"key"});
  config.user_quota = 1;
  Server server(config);
  Client client = rest_client(server, "key", "1800000300:carol");
  REQUIRE(client.allocate().ok());
  CHECK(rest_client(server, "key", "1800000900:carol").refresh().ok());
  CHECK(rest_client(server, "key", "1800000900:dave").refresh().error() == 441);
  CHECK(rest_client(server, "key", "1800000900:carol", "192.0.2.8:1").allocate().error() == 486);
}

TEST_CASE("relay: the names of REST users", "[relay][rest]") {
  CHECK(RestUsername::parse("1800000000:carol")->name == "carol");
  CHECK(RestUsername::parse("1800000000:a:b")->name == "a:b");
  CHECK(RestUsername::parse("1800000000")->name == "1800000000");
  CHECK(RestUsername::parse("1800000000:")->expires.value == 1'800'000'000);
  for (const char* bad :
       {"", "carol", ":carol", "-5:carol", "12x:carol", "99999999999999999999:carol"})
    CHECK_FALSE(RestUsername::parse(bad));
}

TEST_CASE("relay: who guesses passwords over a connection is not told when one is right",
          "[relay][rfc8489-16.1.2]") {
  Config config = usual_config();
  config.guesses = {1, 10};
  Server server(config);
  Client caller(server, "192.0.2.9:40000");
  REQUIRE(caller.over_tcp().allocate().ok());
  int refused = 0, untried = 0;
  for (int i = 0; i < 30; ++i) {
    Client guesser(server, "192.0.2.7:" + std::to_string(40000 + i), "bob", "guess");
    const int error = guesser.over_tcp().allocate().error();
    refused += error == 401;
    untried += error == 500;
  }
  CHECK(refused == 10);
  CHECK(untried == 20);
  CHECK(server.counters().failed_credentials == 10);
  CHECK(server.counters().untried_credentials == 20);

  Client right(server, "192.0.2.8:40000", "bob", "hunter2");
  CHECK(right.over_tcp().allocate().error() == 500);
  CHECK(caller.refresh().ok());  // who has an allocation, and his own name
  Client elsewhere(server, "198.18.0.9:40000", "bob", "hunter2");
  CHECK(elsewhere.over_tcp().allocate().ok());
  server.forward(1s);
  CHECK(right.allocate().ok());
}
