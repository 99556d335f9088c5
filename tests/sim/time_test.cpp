#include "expect_path.hpp"

namespace stile::sim::test {

TEST_CASE("sim: the same seed gives the same packets", "[sim]") {
  Scenario scenario;
  scenario.a = behind("ADM/ADF");
  scenario.b = behind("EIM/APDF");
  scenario.internet = {
      .jitter = std::chrono::milliseconds(5), .loss = 0.1, .duplication = 0.05, .reordering = 0.05};
  const Result first = play(scenario);
  const Result again = play(scenario);
  CHECK(first.trace_hash == again.trace_hash);
  CHECK(first.selected == again.selected);
  scenario.seed = 2;
  CHECK(play(scenario).trace_hash != first.trace_hash);
}

TEST_CASE("sim: data flows on the first valid pair, before one is selected",
          "[sim][rfc8445-12.1]") {
  Scenario scenario;
  scenario.a = scenario.b = behind("APDM/APDF");
  const Result result = expect_path(scenario, Path::relay);
  CHECK(result.first_data < std::chrono::milliseconds(250));
  CHECK(result.selected > result.first_data);
}

TEST_CASE("sim: peers that can meet directly do within three round trips", "[sim]") {
  Scenario scenario;
  scenario.a = behind("EIM/APDF");
  scenario.b = behind("EIM/ADF");
  CHECK(expect_path(scenario, Path::direct).first_data <= std::chrono::milliseconds(3 * 42));
}

TEST_CASE("sim: consent keeps a direct path open beyond the NAT's timeout",
          "[sim][rfc7675-5.1][rfc4787-4.3]") {
  Scenario scenario;
  scenario.a = behind("EIM/APDF");
  scenario.b = behind("EIM/APDF");
  scenario.linger = std::chrono::minutes(12);
  CHECK(expect_path(scenario, Path::direct).still_works);
}

TEST_CASE("sim: a relayed path outlives allocation, permission and channel lifetimes",
          "[sim][rfc8656-7][rfc8656-9][rfc8656-12]") {
  Scenario scenario;
  scenario.a = behind("APDM/APDF");
  scenario.b = behind("APDM/APDF");
  scenario.linger = std::chrono::minutes(25);
  CHECK(expect_path(scenario, Path::relay).still_works);
}

}  // namespace stile::sim::test
