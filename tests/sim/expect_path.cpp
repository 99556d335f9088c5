#include "expect_path.hpp"

namespace stile::sim::test {

namespace {

std::string capture_name(const Scenario& scenario) {
  const auto name = [](const std::optional<GatewaySpec>& gateway) {
    if (!gateway) return std::string("none");
    std::string text = to_string(gateway->behavior);
    text.replace(text.find('/'), 1, "-");
    return text;
  };
  return "sim_" + name(scenario.a) + "_" + name(scenario.b) + "_seed" +
         std::to_string(scenario.seed) + ".pcap";
}

}  // namespace

Result expect_path(const Scenario& scenario, Path expected) {
  const Result result = play(scenario);
  if (result.path == expected && result.still_works) return result;
  Scenario again = scenario;
  again.capture = capture_name(scenario);
  play(again);
  INFO("seed " << scenario.seed << ", again: " << replay_command(scenario)
               << ", packets: " << again.capture);
  CHECK(to_string(result.path) == to_string(expected));
  CHECK(result.still_works);
  return result;
}

}  // namespace stile::sim::test
