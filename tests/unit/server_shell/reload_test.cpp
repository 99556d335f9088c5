#include "server/shell/reload.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::server;

namespace {

Options options(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(),
                   {"stile-server", "--listen", "127.0.0.1:3478", "--threads", "2"});
  return std::get<Options>(read_options(static_cast<int>(arguments.size()), arguments.data()));
}

}  // namespace

TEST_CASE("reload: what can change is taken", "[server][reload]") {
  const Options running = options({"--user", "alice:a", "--deny-peer", "192.0.2.1"});
  const auto [merged, kept] = reload(
      running,
      options({"--user", "bob:b", "--auth-secret", "north", "--allow-peer", "10.0.0.0/8",
               "--user-quota", "3", "--max-bps", "1000", "--max-lifetime", "1200", "--log-level",
               "debug", "--drain-timeout", "60", "--external-address", "198.51.100.1"}));
  CHECK(kept.empty());
  CHECK(merged.relay.users == std::map<std::string, std::string>{{"bob", "b"}});
  CHECK(merged.relay.auth_secrets == std::vector<std::string>{"north"});
  CHECK(merged.relay.peers.deny.empty());
  CHECK(merged.relay.peers.allow.size() == 1);
  CHECK(merged.relay.user_quota == 3);
  CHECK(merged.relay.bandwidth.per_allocation == 1000);
  CHECK(merged.relay.max_lifetime == std::chrono::minutes(20));
  CHECK(merged.relay.external_addresses.size() == 1);
  CHECK(merged.log.level == LogLevel::debug);
  CHECK(merged.drain_timeout == std::chrono::minutes(1));
}

TEST_CASE("reload: what takes a restart is named and stays", "[server][reload]") {
  const Options running = options({"--realm", "one"});
  const auto [merged, kept] =
      reload(running, options({"--realm", "two", "--listen", "127.0.0.2:3478", "--threads", "3",
                               "--control", "/run/other", "--max-connections", "5", "--relay-ports",
                               "50000-50100", "--proxy-protocol", "--proxy-from", "192.0.2.1"}));
  CHECK(kept == std::vector<std::string_view>{"listen", "relay-address", "relay-ports", "realm",
                                              "proxy-from", "max-connections", "threads",
                                              "control"});
  CHECK(merged.relay.realm == "one");
  CHECK(merged.listen == running.listen);
  CHECK(merged.relay.own_addresses == running.relay.own_addresses);
  CHECK(merged.threads == 2);
  CHECK(merged.control == running.control);
  CHECK(merged.connections == running.connections);
  CHECK(merged.balancers.empty());
}

TEST_CASE("reload: a certificate gives way to another, but TLS does not begin or end",
          "[server][reload]") {
  const Options plain = options({}), one = options({"--cert", "1", "--key", "2"}),
                other = options({"--cert", "3", "--key", "4"});
  CHECK(reload(one, other).kept.empty());
  CHECK(reload(one, other).options.certificate->certificate == "3");
  CHECK(reload(one, plain).kept == std::vector<std::string_view>{"cert"});
  CHECK(reload(one, plain).options.certificate->certificate == "1");
  CHECK(reload(plain, one).kept == std::vector<std::string_view>{"cert"});
  CHECK_FALSE(reload(plain, one).options.certificate);
}
