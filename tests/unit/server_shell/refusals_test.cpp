#include "server/shell/refusals.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/server_shell/written_log.hpp"

using namespace stile;
using namespace stile::server;
using namespace stile::server::test;
using namespace std::chrono_literals;
using Catch::Matchers::EndsWith;

TEST_CASE("refusals: one line tells what has been refused since the last", "[server][log]") {
  WrittenLog written({});
  const Instant start{1h};
  Refusals refusals(start);
  CHECK_FALSE(refusals.is_due(start + 59s));
  CHECK(refusals.is_due(start + 60s));

  relay::Counters counters;
  refusals.tell(start + 60s, counters, written.log);
  CHECK_FALSE(refusals.is_due(start + 119s));
  counters.failed_credentials = 3;
  counters.forbidden_peers = 2;
  refusals.tell(start + 120s, counters, written.log);
  refusals.tell(start + 180s, counters, written.log);
  counters.failed_credentials = 4;
  counters.rate_limited = 9;
  refusals.tell(start + 240s, counters, written.log);

  const auto lines = written.lines();
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0],
             EndsWith("warning refused credentials=3 quota=0 capacity=0 peers=2 unanswered=0"));
  CHECK_THAT(lines[1],
             EndsWith("warning refused credentials=1 quota=0 capacity=0 peers=0 unanswered=9"));
}
