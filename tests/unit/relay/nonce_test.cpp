#include "server/core/nonce.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;

namespace {

const TransportAddress client_address = *TransportAddress::parse("192.0.2.7:1");
constexpr UnixSeconds start{1'800'000'000};
constexpr std::int64_t hour = 3600;

UnixSeconds after(std::int64_t seconds) {
  return {start.value + seconds};
}

NonceKey key_of(std::uint8_t byte) {
  NonceKey key;
  key.fill(byte);
  return key;
}

/// A server by itself, or one of a fleet that has these keys.
class Mint {
 public:
  explicit Mint(std::vector<NonceKey> keys, const char* realm = "example.org")
      : Mint(config_with(std::move(keys), realm)) {}
  explicit Mint(const Config& config) : Mint(config, std::make_shared<Resources>(config)) {}
  Mint(const Config& config, std::shared_ptr<Resources> resources)
      : mint_(config, {true, false}, std::move(resources), random_) {}

  std::string make(UnixSeconds wall) { return mint_.make(wall, client_address); }
  bool valid(const std::string& nonce, UnixSeconds wall) {
    return mint_.valid(nonce, wall, client_address);
  }
  static Config config_with(std::vector<NonceKey> keys, const char* realm) {
    Config config = usual_config();
    config.nonce_keys = std::move(keys);
    config.realm = realm;
    return config;
  }

 private:
  SystemRandom random_;
  NonceMint mint_;
};

}  // namespace

TEST_CASE("nonce: it lives as long as is configured, for its client and its realm",
          "[relay][nonce][rfc8489-9.2.4]") {
  Mint mint({key_of(7)});
  const std::string nonce = mint.make(start);
  CHECK(nonce.size() == 33);
  CHECK(mint.valid(nonce, after(hour - 1)));
  CHECK_FALSE(mint.valid(nonce, after(hour)));
  CHECK_FALSE(mint.valid(nonce, after(-10)));
  CHECK_FALSE(Mint({key_of(7)}, "example.net").valid(nonce, start));
}

TEST_CASE("nonce: servers with one key accept each other's, those with another do not",
          "[relay][nonce][rfc8489-9.2.4]") {
  const std::string nonce = Mint({key_of(7)}).make(start);
  CHECK(Mint({key_of(7)}).valid(nonce, start));
  CHECK_FALSE(Mint({key_of(8)}).valid(nonce, start));
}

TEST_CASE("nonce: the first key signs and each verifies", "[relay][nonce][rfc8489-9.2.4]") {
  Mint both({key_of(8), key_of(7)}), former({key_of(7)}), fresh({key_of(8)});
  CHECK(both.valid(former.make(start), start));
  CHECK(fresh.valid(both.make(start), start));
  CHECK_FALSE(former.valid(both.make(start), start));
}

TEST_CASE("nonce: without a key each server draws its own", "[relay][nonce][rfc8489-9.2.4]") {
  const std::vector<NonceKey> none;
  Mint one(none), other(none);
  const std::string nonce = one.make(start);
  CHECK(one.valid(nonce, start));
  CHECK_FALSE(other.valid(nonce, start));
}

TEST_CASE("nonce: the cores of a server draw one key together", "[relay][nonce][rfc8489-9.2.4]") {
  const Config config = Mint::config_with({}, "example.org");
  const auto resources = std::make_shared<Resources>(config);
  Mint one(config, resources), other(config, resources);
  for (const std::int64_t seconds : {std::int64_t{0}, hour - 1, hour, hour + 1, 5 * hour}) {
    CHECK(other.valid(one.make(after(seconds)), after(seconds)));
    CHECK(one.valid(other.make(after(seconds)), after(seconds)));
  }
}

TEST_CASE("nonce: a drawn key is changed, and what the former has signed holds its time",
          "[relay][nonce][rfc8489-9.2.4]") {
  const Config config = Mint::config_with({}, "example.org");
  Resources resources(config);
  SystemRandom random;
  const auto first = resources.nonce_keys(start, random);
  CHECK(resources.nonce_keys(after(hour - 1), random).keys == first.keys);
  const auto second = resources.nonce_keys(after(hour), random);
  REQUIRE(second.keys.size() == 2);
  CHECK(second.keys[0] != first.keys[0]);
  CHECK(second.keys[1] == first.keys[0]);
  const auto third = resources.nonce_keys(after(2 * hour), random);
  CHECK(third.keys == std::vector{third.keys[0], second.keys[0]});

  Mint mint(config);
  const std::string early = mint.make(start);
  const std::string late = mint.make(after(hour - 1));
  CHECK(mint.valid(late, after(hour)));
  CHECK(mint.valid(late, after(2 * hour - 2)));
  CHECK_FALSE(mint.valid(late, after(2 * hour - 1)));
  CHECK_FALSE(mint.valid(early, after(hour)));
}

TEST_CASE("nonce: with another key of the configuration a client goes on after a 438",
          "[relay][nonce][config][rfc8489-9.2.4]") {
  Server server;
  Client client(server);
  REQUIRE(client.allocate().ok());
  server.reconfigure(
      [](Config& config) { config.nonce_keys.insert(config.nonce_keys.begin(), key_of(9)); });
  CHECK(client.refresh().ok());
  server.reconfigure([](Config& config) { config.nonce_keys.pop_back(); });
  const Answer stale = client.refresh();
  REQUIRE(stale.error() == 438);
  client.nonce = stale.get<stun::Nonce>().text;
  CHECK(client.refresh().ok());
}

TEST_CASE("nonce: over hours a client is told a new one whenever its own is stale",
          "[relay][nonce][rfc8489-9.2.4]") {
  Config config = usual_config();
  config.nonce_keys.clear();
  Server server(config);
  Client client(server);
  REQUIRE(client.allocate().ok());
  int stale = 0;
  for (int i = 0; i < 100; ++i) {
    server.forward(5min);
    Answer answer = client.refresh();
    if (answer.error() == 438) {
      ++stale;
      client.nonce = answer.get<stun::Nonce>().text;
      answer = client.refresh();
    }
    REQUIRE(answer.ok());
  }
  CHECK(stale == 8);  // in 500 minutes
}
