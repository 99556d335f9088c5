#include <catch2/catch.hpp>

#include "nat/shell/options.hpp"
#include "nat/shell/personality.hpp"
#include "nat/shell/problem.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;

namespace {

Config config_of(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"stile-nat", "--inside", "lan", "--outside", "wan"});
  auto parsed = parse_options(static_cast<int>(arguments.size()), arguments.data());
  Config config = std::get<RunOptions>(parsed).nat;
  if (config.external.empty()) config.external = {IpAddress::v4(203, 0, 113, 1)};
  return config;
}

}  // namespace

TEST_CASE("personalities: each one that comes with the program makes a NAT", "[nat][shell]") {
  CHECK(shipped_personalities().size() >= 25);
  for (const ShippedPersonality& each : shipped_personalities()) {
    CAPTURE(each.name);
    const Config config = config_of({"--like", std::string(each.name).c_str()});
    CHECK(problem_with(config) == std::nullopt);
  }
}

TEST_CASE("personalities: each setting has a source, each NAT a line about it", "[nat][shell]") {
  const auto flag_or_value = [](const std::string& key) {
    return key == "parity" || key == "evict-oldest" ? KeyKind::flag : KeyKind::value;
  };
  for (const ShippedPersonality& each : shipped_personalities()) {
    CAPTURE(each.name);
    const Personality personality = read_personality(std::string(each.name), flag_or_value);
    CHECK(personality.without_source == std::vector<std::string>{});
    CHECK(personality.about != "");
    CHECK(list_of_personalities().find(personality.about) != std::string::npos);
  }
}

TEST_CASE("personalities: what they say is what they are known for", "[nat][shell]") {
  const Config linux = config_of({"--like", "linux-masquerade"});
  CHECK(linux.ports == PortAssignment::overload);
  CHECK(linux.udp_unanswered_timeout == Duration(std::chrono::seconds(30)));
  CHECK(linux.evict_oldest);
  CHECK(config_of({"--like", "symmetric"}).mapping == Behavior::address_and_port_dependent);
  CHECK(config_of({"--like", "carrier-crowded"}).block_size == 63);
  CHECK(config_of({"--like", "https-only"}).only.size() == 2);
}

TEST_CASE("personalities: the command line counts more", "[nat][shell]") {
  const Config config = config_of({"--like", "symmetric", "--ports", "preserve"});
  CHECK(config.ports == PortAssignment::preserve);
  CHECK(config.mapping == Behavior::address_and_port_dependent);
}

TEST_CASE("personalities: one that is not there is refused", "[nat][shell]") {
  CHECK_THROWS_WITH(config_of({"--like", "nobody"}),
                    "--like: there is no 'nobody'; --like list names those there are");
  CHECK_THROWS_AS(config_of({"--like", "./nobody.toml"}), UsageProblem);
}
