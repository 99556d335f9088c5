#include "server/shell/options_limits.hpp"

#include <CLI/CLI.hpp>

namespace stile::server {

void LimitFlags::define(CLI::App& app) {
  const CLI::Range count_or_none(0, 1'000'000);
  const CLI::Range count(1, 1'000'000);
  app.add_option("--user-quota", user_quota, "allocations of one user; 0: no limit")
      ->check(count_or_none);
  app.add_option("--prefix-quota", prefix_quota,
                 "allocations of one IPv4 /24 or IPv6 /56; 0: no limit")
      ->check(count_or_none);
  app.add_option("--total-quota", total_quota, "allocations in all; 0: no limit")
      ->check(count_or_none);
  const CLI::Range rate_or_none(std::uint64_t{0}, std::uint64_t{1'000'000'000'000});
  app.add_option("--max-bps", max_bps,
                 "bytes a second that an allocation relays each way; 0: no limit")
      ->check(rate_or_none);
  app.add_option("--user-max-bps", user_max_bps, "likewise of one user's allocations together")
      ->check(rate_or_none);
  app.add_option("--total-max-bps", total_max_bps, "likewise of all together")->check(rate_or_none);
  app.add_option("--max-permissions", max_permissions, "of one allocation")
      ->check(CLI::Range(1, 65'535));
  app.add_option("--max-channels", max_channels, "of one allocation")->check(CLI::Range(1, 16'384));
  app.add_option("--max-lifetime", max_lifetime_seconds,
                 "seconds that a client may keep an allocation unrefreshed")
      ->check(CLI::Range(600, 86'400));
  app.add_option("--unauthenticated-rate", unauthenticated_rate,
                 "answers a second over UDP without credentials to an IPv4 /24 or IPv6 /56, by "
                 "each worker; 0: no limit")
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--drain-timeout", drain_timeout_seconds,
                 "seconds that allocations may go on after SIGTERM")
      ->check(CLI::Range(0, 86'400));
  app.add_option("--max-connections", max_connections, "TCP and TLS in all; likewise DTLS")
      ->check(count);
  app.add_option("--max-connections-per-prefix", max_connections_per_prefix,
                 "from one IPv4 /24 or IPv6 /56")
      ->check(count);
  app.add_option("--max-peer-connections", max_peer_connections, "with peers over TCP, in all")
      ->check(count_or_none);
  app.add_option("--max-peer-connections-per-user", max_peer_connections_per_user, "of one user")
      ->check(count_or_none);
}

void LimitFlags::apply(Options& options) const {
  options.connections = {max_connections, max_connections_per_prefix};
  options.drain_timeout = std::chrono::seconds(drain_timeout_seconds);
  relay::Config& config = options.relay;
  config.user_quota = user_quota;
  config.network_quota = prefix_quota;
  config.permissions_per_allocation = max_permissions;
  config.channels_per_allocation = max_channels;
  config.total_quota = total_quota;
  config.unauthenticated.per_second = unauthenticated_rate;
  config.unauthenticated.burst = 2 * unauthenticated_rate;
  config.bandwidth = {max_bps, user_max_bps, total_max_bps};
  config.max_lifetime = std::chrono::seconds(max_lifetime_seconds);
  config.total_connections = max_peer_connections;
  config.connections_per_user = max_peer_connections_per_user;
}

}  // namespace stile::server
