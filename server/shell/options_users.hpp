#pragma once

#include <string>
#include <vector>

#include "server/shell/options.hpp"

namespace CLI {
class App;
}

namespace stile::server {

/// Of this realm, from the file of --users. Throws StartError.
std::vector<relay::Account> stored_users(const std::string& file, const std::string& realm);

/// The flags that say who may have allocations, and how it is known that it is they.
struct UserFlags {
  std::string realm = "stile";
  std::vector<std::string> user;
  std::string users;
  std::vector<std::string> auth_secret;
  bool strict_expiry = false;
  std::vector<std::string> oauth_key;
  std::string server_name;
  bool allow_anonymous = false;
  std::int64_t nonce_lifetime_seconds = 3600;
  std::string nonce_key;

  void define(CLI::App& app);
  void apply(Options& options) const;

 private:
  void add_oauth_keys(relay::Config& config) const;
};

}  // namespace stile::server
