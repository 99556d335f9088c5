#pragma once

#include <string>
#include <vector>

#include "server/shell/options.hpp"

namespace CLI {
class App;
}

namespace stile::server {

/// The flags that say where clients are listened for, and over what.
struct ListenFlags {
  std::vector<std::string> listen{"0.0.0.0:3478", "[::]:3478"};
  std::vector<std::string> listen_tls;
  std::string cert;
  std::string key;
  bool proxy_protocol = false;
  std::vector<std::string> proxy_from;
  std::vector<std::string> allow_client;
  std::vector<std::string> deny_client;
  bool behavior_discovery = false;
  std::string alternate_address;

  void define(CLI::App& app);
  void apply(Options& options) const;

 private:
  void add_tls(Options& options) const;
  void add_balancers(Options& options) const;
  void add_behavior_discovery(Options& options) const;
};

}  // namespace stile::server
