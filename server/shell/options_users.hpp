#pragma once

#include <string>
#include <vector>

#include "server/shell/options.hpp"

namespace CLI {
class App;
}

namespace stile::server {

/// The flags that say who may have allocations, and how it is known that it is they.
struct UserFlags {
  std::string realm = "stile";
  std::vector<std::string> user;
  std::string users;
  std::vector<std::string> auth_secret;
  bool strict_expiry = false;
  std::int64_t nonce_lifetime_seconds = 3600;

  void define(CLI::App& app);
  void apply(Options& options) const;

 private:
  void add_stored_users(Options& options) const;
};

}  // namespace stile::server
