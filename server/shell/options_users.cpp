#include "server/shell/options_users.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "server/core/aead.hpp"
#include "server/core/base64.hpp"
#include "server/core/opaque_string.hpp"
#include "server/shell/nonce_key_file.hpp"
#include "server/shell/option_text.hpp"
#include "server/shell/start_error.hpp"
#include "server/store/user_file.hpp"

namespace stile::server {

void UserFlags::define(CLI::App& app) {
  app.add_option("--realm", realm, "of the long-term credentials");
  app.add_option("--user", user, "NAME:PASSWORD; repeatable");
  app.add_option("--users", users,
                 "file of users that stile-server user writes; read again when it changes");
  app.add_option("--auth-secret", auth_secret,
                 "secret of TURN REST credentials; repeatable, for rotation");
  app.add_flag("--strict-expiry,!--no-strict-expiry", strict_expiry,
               "expired TURN REST credentials may not even refresh what they have made");
  app.add_option(
      "--oauth-key", oauth_key,
      "KID:KEY of an authorization server (RFC 7635), base64 of 16 or 32 bytes; repeatable");
  app.add_option("--server-name", server_name,
                 "by which authorization servers know this server; the realm if not given");
  app.add_flag("--allow-anonymous", allow_anonymous, "relay for everybody, without credentials");
  app.add_option("--nonce-lifetime", nonce_lifetime_seconds, "seconds")
      ->check(CLI::Range(60, 86'400));
  app.add_option(
      "--nonce-key", nonce_key,
      "file of keys that a fleet of servers signs nonces with: 32 bytes in hex or base64 a line");
}

void UserFlags::apply(Options& options) const {
  relay::Config& config = options.relay;
  if (realm.empty()) bad("--realm", realm, "a name that clients can be shown");
  config.realm = realm;
  config.nonce_lifetime = std::chrono::seconds(nonce_lifetime_seconds);
  if (!nonce_key.empty()) config.nonce_keys = read_nonce_keys(nonce_key);
  for (const std::string& text : user) {
    const auto colon = text.find(':');
    if (colon == text.npos || colon == 0 || colon + 1 == text.size())
      bad("--user", text, "NAME:PASSWORD");
    config.users[text.substr(0, colon)] = text.substr(colon + 1);
  }
  if (!users.empty()) {
    options.users = users;
    config.accounts = stored_users(users, realm);
  }
  for (const std::string& secret : auth_secret) {
    if (secret.empty())
      bad("--auth-secret", secret, "long and random: anybody could make credentials");
    config.auth_secrets.push_back(secret);
  }
  config.strict_expiry = strict_expiry;
  add_oauth_keys(config);
  if (allow_anonymous && (config.serves_relays() || !users.empty()))
    throw StartError(
        "--allow-anonymous asks nobody for credentials; leave it out, or --user, --users, "
        "--auth-secret and --oauth-key");
  config.allow_anonymous = allow_anonymous;
}

/// The key's length says which of AES-128-GCM and AES-256-GCM it is for.
void UserFlags::add_oauth_keys(relay::Config& config) const {
  for (const std::string& text : oauth_key) {
    const auto colon = text.rfind(':');
    const auto key = colon == text.npos ? std::nullopt : relay::from_base64(text.substr(colon + 1));
    if (!key || colon == 0 || !relay::is_aead_key_size(key->size()))
      bad("--oauth-key", text, "KID:KEY, the key 16 or 32 bytes in base64");
    config.oauth_keys.push_back({text.substr(0, colon), *key});
  }
  if (oauth_key.empty() && !server_name.empty())
    throw StartError("--server-name is of use with --oauth-key only; give both");
  config.server_name = server_name.empty() ? realm : server_name;
}

std::vector<relay::Account> stored_users(const std::string& file, const std::string& realm) {
  try {
    return UserFile(file, Database::Access::read).of(relay::opaque_string(realm));
  } catch (const StoreError& error) {
    throw StartError(
        fmt::format("{}; give --users a file that stile-server user has made", error.what()));
  }
}

}  // namespace stile::server
