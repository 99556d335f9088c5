#include <catch2/catch.hpp>
#include <vector>

#include "nat/shell/options.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

RunOptions parse(std::vector<const char*> words) {
  words.insert(words.begin(), {"stile-nat", "--inside", "lan", "--outside", "wan"});
  return std::get<RunOptions>(parse_options(static_cast<int>(words.size()), words.data()));
}

}  // namespace

TEST_CASE("options: PCP and NAT-PMP are on, UPnP is off", "[nat][shell][rfc6888-req9]") {
  const PortMappingOptions options = parse({}).port_mapping;
  CHECK(options.servers.pcp);
  CHECK(options.servers.nat_pmp);
  CHECK_FALSE(options.upnp);
  CHECK(options.servers.third_party_clients.empty());
}

TEST_CASE("options: of port mapping", "[nat][shell]") {
  const RunOptions run =
      parse({"--no-pcp", "--no-nat-pmp", "--upnp", "--upnp-port", "49000", "--upnp-for-others",
             "--pcp-third-party", "192.0.2.0/24", "--pcp-min-lifetime", "10m", "--pcp-max-lifetime",
             "1h", "--explicit-per-host", "5"});
  const PortMappingOptions& options = run.port_mapping;
  CHECK_FALSE(options.servers.pcp);
  CHECK_FALSE(options.servers.nat_pmp);
  CHECK(options.upnp);
  CHECK(options.upnp_port == 49000);
  CHECK(options.upnp_for_others);
  REQUIRE(options.servers.third_party_clients.size() == 1);
  CHECK(options.servers.third_party_clients[0].to_string() == "192.0.2.0/24");
  CHECK(options.servers.min_lifetime == std::chrono::minutes(10));
  CHECK(options.servers.max_lifetime == std::chrono::hours(1));
  CHECK(run.nat.explicit_per_host == 5);
}

TEST_CASE("options: lifetimes that contradict each other are refused", "[nat][shell][rfc6887-15]") {
  CHECK_THROWS_AS(parse({"--pcp-min-lifetime", "2h", "--pcp-max-lifetime", "1h"}), UsageProblem);
  CHECK_THROWS_AS(parse({"--pcp-min-lifetime", "0"}), UsageProblem);
  CHECK_THROWS_AS(parse({"--pcp-third-party", "nobody"}), UsageProblem);
}

}  // namespace stile::nat::shell
