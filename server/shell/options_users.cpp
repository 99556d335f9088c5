#include "server/shell/options_users.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "server/core/opaque_string.hpp"
#include "server/shell/option_text.hpp"
#include "server/shell/start_error.hpp"
#include "server/store/user_file.hpp"

namespace stile::server {

void UserFlags::define(CLI::App& app) {
  app.add_option("--realm", realm, "of the long-term credentials");
  app.add_option("--user", user, "NAME:PASSWORD; repeatable");
  app.add_option("--users", users, "file of users that stile-server user writes; read again when it changes");
  app.add_option("--auth-secret", auth_secret, "secret of TURN REST credentials; repeatable, for rotation");
  app.add_flag("--strict-expiry,!--no-strict-expiry", strict_expiry,
               "expired TURN REST credentials may not even refresh what they have made");
  app.add_option("--nonce-lifetime", nonce_lifetime_seconds, "seconds")->check(CLI::Range(60, 86'400));
}

void UserFlags::apply(Options& options) const {
  relay::Config& config = options.relay;
  if (realm.empty()) bad("--realm", realm, "a name that clients can be shown");
  config.realm = realm;
  config.nonce_lifetime = std::chrono::seconds(nonce_lifetime_seconds);
  for (const std::string& text : user) {
    const auto colon = text.find(':');
    if (colon == text.npos || colon == 0 || colon + 1 == text.size()) bad("--user", text, "NAME:PASSWORD");
    config.users[text.substr(0, colon)] = text.substr(colon + 1);
  }
  if (!users.empty()) {
    options.users = users;
    config.accounts = stored_users(users, realm);
  }
  for (const std::string& secret : auth_secret) {
    if (secret.empty()) bad("--auth-secret", secret, "long and random: anybody could make credentials");
    config.auth_secrets.push_back(secret);
  }
  config.strict_expiry = strict_expiry;
}

std::vector<relay::Account> stored_users(const std::string& file, const std::string& realm) {
  try {
    return UserFile(file, Database::Access::read).of(relay::opaque_string(realm));
  } catch (const StoreError& error) {
    throw StartError(fmt::format("{}; give --users a file that stile-server user has made", error.what()));
  }
}

}  // namespace stile::server
