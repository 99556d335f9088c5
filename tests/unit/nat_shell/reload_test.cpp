#include "nat/shell/reload.hpp"

#include <catch2/catch.hpp>

using namespace stile::nat::shell;

namespace {

RunOptions with(std::vector<Setting> settings) {
  RunOptions options;
  options.config_file = "nat.toml";
  options.settings = std::move(settings);
  return options;
}

const Setting inside{"inside", "lan", "nat.toml:1:10"};

}  // namespace

TEST_CASE("reload: timers, limits and forwards may change", "[nat][shell]") {
  const RunOptions running = with({inside, {"udp-timeout", "5m", "nat.toml:2:15"}});
  const RunOptions wanted = with({inside,
                                  {"udp-timeout", "2m", "nat.toml:2:15"},
                                  {"forward", "tcp:80=10.0.0.2:80", "nat.toml:3:12"}});
  CHECK_FALSE(problem_with_change(running, wanted));
  CHECK_FALSE(problem_with_change(wanted, running));
}

TEST_CASE("reload: what takes a new start is told with its place", "[nat][shell]") {
  const RunOptions running = with({inside});
  CHECK(problem_with_change(running, with({{"inside", "eth1", "nat.toml:1:10"}})) ==
        "nat.toml:1:10: 'inside' takes a new start to change");
  CHECK(problem_with_change(running, with({inside, {"ports", "random", "nat.toml:7:9"}})) ==
        "nat.toml:7:9: 'ports' takes a new start to change");
  CHECK(problem_with_change(running, with({})) == "nat.toml: 'inside' takes a new start to change");
}
