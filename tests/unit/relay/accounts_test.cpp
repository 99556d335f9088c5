#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using enum stun::PasswordAlgorithmNumber;

namespace {

Account account(std::string name, std::string_view password) {
  const std::string_view realm = "example.org";
  return {name, stun::long_term_key(md5, name, realm, password),
          stun::long_term_key(sha256, name, realm, password)};
}

Config with_accounts(std::vector<Account> accounts) {
  Config config = usual_config();
  config.users.clear();
  config.accounts = std::move(accounts);
  return config;
}

Client client_of(Server& server, std::string user, std::string password) {
  return Client(server, "192.0.2.7:40000", std::move(user), std::move(password));
}

}  // namespace

TEST_CASE("relay: a user may be known by keys alone", "[relay][rfc8489-9.2.2]") {
  for (const auto algorithm : {md5, sha256}) {
    Server server(with_accounts({account("carol", "violet")}));
    Client client = client_of(server, "carol", "violet");
    client.algorithm = algorithm;
    CHECK(client.allocate().ok());
    CHECK(client_of(server, "carol", "wrong").allocate().error() == 401);
  }
}

TEST_CASE("relay: where a user has no key for SHA-256 it is not offered",
          "[relay][rfc8489-9.2.4]") {
  Account old = account("carol", "violet");
  old.sha256 = {};
  Server server(with_accounts({old, account("dave", "green")}));
  const Answer challenge = Client(server).unsigned_request(stun::Method::allocate, udp);
  const auto offered = challenge.get<stun::PasswordAlgorithms>().algorithms;
  REQUIRE(offered.size() == 1);
  CHECK(offered[0].number == 1);
  CHECK(client_of(server, "carol", "violet").allocate().ok());
}

TEST_CASE("relay: nobody is let in with a key that is not there", "[relay][rfc8489-9.2.4]") {
  Account old = account("carol", "violet");
  old.sha256 = {};
  Server server(with_accounts({old}));
  Client client = client_of(server, "carol", "violet");
  client.fetch_challenge();
  const stun::PasswordAlgorithmEntry choice{static_cast<std::uint16_t>(sha256), {}};
  ByteVector buffer(2048);
  stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::allocate, {{1, 2, 3}});
  builder.add(udp)
      .add(stun::Username{"carol"})
      .add(stun::Realm{client.realm})
      .add(stun::Nonce{client.nonce})
      .add(stun::PasswordAlgorithms{{choice}})
      .add(stun::PasswordAlgorithm{choice})
      .add_message_integrity_sha256(stun::Key{});
  CHECK(client.send(builder.finish()).error() == 400);
}

TEST_CASE("relay: a user with a password goes before one of the name with keys", "[relay]") {
  Config config = with_accounts({account("carol", "violet")});
  config.users = {{"carol", "yellow"}};
  Server server(config);
  CHECK(client_of(server, "carol", "yellow").allocate().ok());
  CHECK(client_of(server, "carol", "violet").allocate().error() == 401);
}
