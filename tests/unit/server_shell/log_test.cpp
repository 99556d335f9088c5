#include "server/shell/log.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/server_shell/written_log.hpp"

using namespace stile;
using namespace stile::server;
using namespace stile::server::test;
using namespace std::chrono_literals;
using Catch::Matchers::EndsWith;
using nlohmann::json;

namespace {

const TransportAddress client = *TransportAddress::parse("192.0.2.7:4000");
const std::string hostile = "a\nb \"c\" = \x01 \xff";

}  // namespace

TEST_CASE("log: a line of text has a time, a level, an event and fields", "[server][log]") {
  WrittenLog written({.level = LogLevel::info});
  written.log.write(Instant{}, LogLevel::info, "made",
                    {{"user", "alice"}, {"bytes", 7u}, {"empty", ""}});
  const auto lines = written.lines();
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], EndsWith("Z info made user=alice bytes=7 empty=\"\""));
  CHECK(lines[0].find("Z ") == std::string("2026-01-31T12:00:00.000").size());
}

TEST_CASE("log: a line of JSON is one object", "[server][log]") {
  WrittenLog written({.format = LogFormat::json});
  written.log.write(Instant{}, LogLevel::warning, "made", {{"user", hostile}, {"bytes", 7u}});
  const auto lines = written.lines();
  REQUIRE(lines.size() == 1);
  const json line = json::parse(lines[0]);
  CHECK(line.at("level") == "warning");
  CHECK(line.at("event") == "made");
  CHECK(line.at("bytes") == 7);
  CHECK(line.at("user").get<std::string>().starts_with("a\nb \"c\" = "));
  CHECK(line.contains("time"));
}

TEST_CASE("log: what a client chooses cannot begin a line or look like a field", "[server][log]") {
  WrittenLog written({});
  written.log.write(Instant{}, LogLevel::info, "made", {{"user", hostile}, {"end", "x"}});
  const auto lines = written.lines();
  REQUIRE(lines.size() == 1);
  CHECK_THAT(lines[0], Catch::Contains(R"(user="a\nb \"c\" = \u0001 )") && EndsWith("end=x"));
}

TEST_CASE("log: what is below the level is left out", "[server][log]") {
  WrittenLog written({.level = LogLevel::warning});
  written.log.write(Instant{}, LogLevel::info, "no", {});
  written.log.write(Instant{}, LogLevel::error, "yes", {});
  written.log.set({.level = LogLevel::debug});
  CHECK(written.log.takes(LogLevel::debug));
  written.log.write(Instant{}, LogLevel::debug, "now", {});
  const auto lines = written.lines();
  REQUIRE(lines.size() == 2);
  CHECK_THAT(lines[0], EndsWith("error yes"));
  CHECK_THAT(lines[1], EndsWith("debug now"));
}

TEST_CASE("log: where a client is is told at debug, or when it is asked for", "[server][log]") {
  const auto [settings, told] = GENERATE(
      std::pair(Log::Settings{}, false), std::pair(Log::Settings{.level = LogLevel::debug}, true),
      std::pair(Log::Settings{.addresses = true}, true),
      std::pair(Log::Settings{.format = LogFormat::json}, false));
  WrittenLog written(settings);
  written.log.write(Instant{}, LogLevel::info, "made", {{"client", client}, {"user", "alice"}});
  const auto lines = written.lines();
  REQUIRE(lines.size() == 1);
  CHECK((lines[0].find("192.0.2.7:4000") != std::string::npos) == told);
  CHECK(lines[0].find("alice") != std::string::npos);
}

TEST_CASE("log: too many lines of one event are counted, the others are told", "[server][log]") {
  WrittenLog written({});
  const Instant start{1h};
  for (unsigned i = 0; i < Log::lines_per_second + 7; ++i)
    written.log.write(start + 1ms, LogLevel::info, "flood", {});
  written.log.write(start + 2ms, LogLevel::info, "other", {});
  written.log.flush(start + 500ms);
  written.log.flush(start + 2s);
  written.log.flush(start + 3s);
  const auto lines = written.lines();
  REQUIRE(lines.size() == Log::lines_per_second + 2);
  CHECK_THAT(lines[Log::lines_per_second], EndsWith("info other"));
  CHECK_THAT(lines.back(), EndsWith("warning left-out event=flood lines=7"));
}
