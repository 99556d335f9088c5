#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "server/shell/options.hpp"
#include "server/shell/start_error.hpp"

using namespace stile;
using namespace stile::server;

namespace {

relay::Config config_of(std::vector<std::string> more) {
  std::vector<std::string> all{"stile-server", "--listen", "127.0.0.1:3478"};
  all.insert(all.end(), more.begin(), more.end());
  std::vector<const char*> arguments;
  for (const std::string& each : all) arguments.push_back(each.c_str());
  return std::get<Options>(read_options(static_cast<int>(arguments.size()), arguments.data()))
      .relay;
}

/// What the server says when it does not start.
std::string complaint(std::vector<std::string> more) {
  try {
    config_of(std::move(more));
  } catch (const StartError& error) {
    return error.what();
  }
  return "";
}

/// A file of keys, gone with its owner.
struct KeyFile {
  explicit KeyFile(std::string_view text) {
    std::string pattern = std::filesystem::temp_directory_path() / "stile-keys-XXXXXX";
    folder = mkdtemp(pattern.data());
    path = folder / "nonce.keys";
    std::ofstream(path) << text;
  }
  ~KeyFile() { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
  std::string path;
};

const std::string hex_key = std::string(62, '0') + "07";
const std::string base64_key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";  // 32 times 1

}  // namespace

TEST_CASE("options: keys of nonces are in a file, hex or base64, the first one first",
          "[server][options]") {
  const KeyFile file("# the fleet's, the new one first\n\n" + hex_key + "\r\n" + base64_key +
                     " \n");
  const auto keys = config_of({"--nonce-key", file.path}).nonce_keys;
  REQUIRE(keys.size() == 2);
  CHECK(keys[0][31] == 7);
  CHECK(keys[0][0] == 0);
  CHECK(keys[1] == relay::NonceKey{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                   1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
  CHECK(config_of({}).nonce_keys.empty());
}

TEST_CASE("options: what is no key of nonces is named by its line", "[server][options]") {
  for (const std::string& bad : {hex_key + "0", hex_key.substr(2), "x" + hex_key.substr(1),
                                 base64_key.substr(4), std::string("secret")}) {
    const KeyFile file(hex_key + "\n" + bad + "\n");
    CHECK(complaint({"--nonce-key", file.path}).starts_with(file.path + ":2: is no key; "));
  }
  const KeyFile empty("# none\n");
  CHECK(complaint({"--nonce-key", empty.path}).starts_with(empty.path + ": has no key; "));
  CHECK(complaint({"--nonce-key", empty.path + ".none"}).contains("No such file"));
}

TEST_CASE("options: a key of an authorization server has a name and 16 or 32 bytes",
          "[server][options][rfc7635-4.1.2]") {
  const relay::Config config =
      config_of({"--realm", "example.org", "--oauth-key", "north:" + base64_key, "--oauth-key",
                 "a:b:AQEBAQEBAQEBAQEBAQEBAQ=="});
  REQUIRE(config.oauth_keys.size() == 2);
  CHECK(config.oauth_keys[0].kid == "north");
  CHECK(config.oauth_keys[0].key == ByteVector(32, 1));
  CHECK(config.oauth_keys[1].kid == "a:b");
  CHECK(config.oauth_keys[1].key == ByteVector(16, 1));
  CHECK(config.server_name == "example.org");
  CHECK(config.serves_relays());
  CHECK(config_of({"--oauth-key", "north:" + base64_key, "--server-name", "relay"}).server_name ==
        "relay");
  for (const std::string& bad : {base64_key, ":" + base64_key, "north:" + base64_key.substr(4),
                                 std::string("north:"), std::string("north:AQEB")})
    CHECK(complaint({"--oauth-key", bad}).contains("KID:KEY"));
  CHECK(complaint({"--server-name", "relay"}).contains("--oauth-key"));
}

TEST_CASE("options: everybody is relayed for when that is said, and nothing of users is",
          "[server][options][rfc8656-7.2]") {
  CHECK_FALSE(config_of({}).serves_relays());
  CHECK(config_of({"--allow-anonymous"}).allow_anonymous);
  CHECK_FALSE(config_of({"--user", "u:p"}).allow_anonymous);
  for (const auto& [flag, value] : {std::pair("--user", "u:p"), std::pair("--auth-secret", "s"),
                                    std::pair("--oauth-key", "a:AQEBAQEBAQEBAQEBAQEBAQ==")})
    CHECK(complaint({"--allow-anonymous", flag, value}).starts_with("--allow-anonymous"));
}

TEST_CASE("options: shares of a prefix and of an allocation", "[server][options][quota]") {
  const relay::Config config =
      config_of({"--prefix-quota", "7", "--max-permissions", "8", "--max-channels", "9"});
  CHECK(config.network_quota == 7);
  CHECK(config.permissions_per_allocation == 8);
  CHECK(config.channels_per_allocation == 9);
  CHECK(config_of({}).network_quota == 0);
  CHECK(config_of({}).permissions_per_allocation == 64);
  CHECK(config_of({}).channels_per_allocation == 64);
  for (const char* flag : {"--max-permissions", "--max-channels"})
    CHECK(complaint({flag, "0"}).contains(flag));
}

TEST_CASE("options: alternate servers are elsewhere", "[server][options][rfc8489-10]") {
  const relay::Config config =
      config_of({"--user", "u:p", "--alternate-server", "192.0.2.1:3478", "--alternate-server",
                 "[2001:db8::1]:443/turn.example.org", "--redirect-always"});
  REQUIRE(config.alternate_servers.size() == 2);
  CHECK(config.alternate_servers[0].address == TransportAddress::parse("192.0.2.1:3478"));
  CHECK(config.alternate_servers[0].domain.empty());
  CHECK(config.alternate_servers[1].address == TransportAddress::parse("[2001:db8::1]:443"));
  CHECK(config.alternate_servers[1].domain == "turn.example.org");
  CHECK(config.redirect_always);
  for (const char* bad : {"192.0.2.1", "192.0.2.1:0", "0.0.0.0:3478", "turn.example.org:3478", ""})
    CHECK(complaint({"--alternate-server", bad}).contains("--alternate-server"));
  CHECK(complaint({"--alternate-server", "127.0.0.1:3478"}).contains("another server"));
  CHECK(complaint({"--redirect-always"}).contains("--alternate-server ADDR:PORT"));
}
