#pragma once

#include <cstddef>
#include <cstdint>

#include "server/shell/options.hpp"

namespace CLI {
class App;
}

namespace stile::server {

/// The flags that say how much of the server anybody may have, and for how long.
struct LimitFlags {
  std::size_t user_quota = 1000;
  std::size_t prefix_quota = 0;
  std::size_t total_quota = 10'000;
  std::uint64_t max_bps = 0;
  std::uint64_t user_max_bps = 0;
  std::uint64_t total_max_bps = 0;
  std::size_t max_permissions = 64;
  std::size_t max_channels = 64;
  std::int64_t max_lifetime_seconds = 3600;
  unsigned unauthenticated_rate = 1000;
  std::int64_t drain_timeout_seconds = 5;
  std::size_t max_connections = 16'384;
  std::size_t max_connections_per_prefix = 4096;
  std::size_t max_peer_connections = 4096;
  std::size_t max_peer_connections_per_user = 512;

  void define(CLI::App& app);
  void apply(Options& options) const;
};

}  // namespace stile::server
