#include <catch2/catch.hpp>

#include "nat/shell/event_text.hpp"
#include "nat/shell/log_search.hpp"
#include "nat/shell/recent_events.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;

namespace {

constexpr std::string_view noon = "2026-01-31T12:00:00.000Z";

TransportAddress at(std::string_view text) {
  return *TransportAddress::parse(text);
}

LogSearch::Question question(std::string_view text, std::string time = "") {
  auto parsed = *parse_question(text);
  parsed.time = std::move(time);
  return parsed;
}

const std::vector<std::string> log_lines{
    R"({"time":"2026-01-31T12:00:00.000Z","event":"started"})",
    R"({"time":"2026-01-31T12:00:01.500Z","event":"created","protocol":"udp","inside":"10.0.0.2:5","external":"203.0.113.1:4000"})",
    R"({"time":"2026-01-31T12:05:00.100Z","event":"ended","protocol":"udp","inside":"10.0.0.2:5","external":"203.0.113.1:4000","reason":"expired"})",
    "half a li",
    R"({"time":"2026-01-31T12:06:00.000Z","event":"created","protocol":"udp","inside":"10.0.0.3:5","external":"203.0.113.1:4000"})",
    R"({"time":"2026-01-31T12:06:00.000Z","event":"block-assigned","inside":"10.0.0.4","external":"203.0.113.1","ports":"5000-5099"})",
    R"({"time":"2026-01-31T12:07:00.000Z","event":"started"})",
    R"({"time":"2026-01-31T12:08:00.000Z","event":"created","protocol":"tcp","inside":"10.0.0.9:5","external":"203.0.113.1:4000"})",
};

LogSearch searched(LogSearch::Question asked) {
  LogSearch search(std::move(asked));
  for (const std::string& line : log_lines) search.add_line(line);
  return search;
}

}  // namespace

TEST_CASE("log: an event is one JSON object", "[nat][shell][rfc6888-4]") {
  const MappingInfo mapping{Protocol::udp, at("10.0.0.2:4000"), at("192.0.2.1:4001"), std::nullopt};
  CHECK(describe_event(MappingCreated{mapping}, noon) ==
        R"({"time":"2026-01-31T12:00:00.000Z","event":"created","protocol":"udp",)"
        R"("inside":"10.0.0.2:4000","external":"192.0.2.1:4001"})");
  CHECK(describe_event(MappingEnded{mapping, EndReason::expired}, noon) ==
        R"({"time":"2026-01-31T12:00:00.000Z","event":"ended","protocol":"udp",)"
        R"("inside":"10.0.0.2:4000","external":"192.0.2.1:4001","reason":"expired"})");
  CHECK(describe_event(FlowRefused{Refusal::no_port, Protocol::tcp, at("10.0.0.2:4000")}, noon) ==
        R"({"time":"2026-01-31T12:00:00.000Z","event":"refused","protocol":"tcp",)"
        R"("inside":"10.0.0.2:4000","reason":"no-port"})");
  CHECK(describe_event(ExternalChanged{{IpAddress::v4(192, 0, 2, 1)}}, noon) ==
        R"({"time":"2026-01-31T12:00:00.000Z","event":"external","external":["192.0.2.1"]})");
  const PortBlock block{IpAddress::v4(10, 0, 0, 2), IpAddress::v4(192, 0, 2, 1), 1024, 1535};
  CHECK(describe_event(PortBlockAssigned{block}, noon) ==
        R"({"time":"2026-01-31T12:00:00.000Z","event":"block-assigned","inside":"10.0.0.2",)"
        R"("external":"192.0.2.1","ports":"1024-1535"})");
  const SessionCreated session{Protocol::tcp, at("10.0.0.2:1"), at("192.0.2.1:2"), at("8.8.8.8:3")};
  CHECK(describe_event(session, noon) ==
        R"({"time":"2026-01-31T12:00:00.000Z","event":"session-created","protocol":"tcp",)"
        R"("inside":"10.0.0.2:1","external":"192.0.2.1:2","remote":"8.8.8.8:3"})");
}

TEST_CASE("log: with blocks alone, mappings are left out", "[nat][shell][rfc6888-4]") {
  CHECK_FALSE(is_logged(MappingCreated{}, LogDetail::blocks));
  CHECK_FALSE(is_logged(MappingEnded{}, LogDetail::blocks));
  CHECK(is_logged(PortBlockAssigned{}, LogDetail::blocks));
  CHECK(is_logged(FlowRefused{}, LogDetail::blocks));
  CHECK(is_logged(MappingCreated{}, LogDetail::mappings));
}

TEST_CASE("who: a port has one holder at a time", "[nat][shell][rfc6888-4]") {
  const auto holder = searched(question("203.0.113.1:4000", "2026-01-31T12:03:00Z")).answer();
  REQUIRE(holder.size() == 1);
  CHECK(holder[0].inside == "10.0.0.2:5");
  CHECK(holder[0].from == "2026-01-31T12:00:01.500Z");
  CHECK(holder[0].until == "2026-01-31T12:05:00.100Z");
  CHECK(searched(question("203.0.113.1:4000", "2026-01-31T12:00:00Z")).answer().empty());
  CHECK(searched(question("203.0.113.1:4001", "2026-01-31T12:03:00Z")).answer().empty());
}

TEST_CASE("who: times are as exact as they are given", "[nat][shell][rfc6302-2]") {
  CHECK(searched(question("203.0.113.1:4000", "2026-01-31T12:00:01Z")).answer().size() == 1);
  CHECK(searched(question("203.0.113.1:4000", "2026-01-31T12:05:00Z")).answer().size() == 1);
  CHECK(searched(question("203.0.113.1:4000", "2026-01-31T12:05:01Z")).answer().empty());
  CHECK(searched(question("203.0.113.1:4000", "2026-01-31T12:0")).answer().size() == 3);
  CHECK(searched(question("203.0.113.1:4000")).answer().size() == 3);
}

TEST_CASE("who: a time is one of the log's, or the beginning of one", "[nat][shell][rfc6888-4]") {
  for (const char* time :
       {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00.250Z", "2026-01-31T12:00:60Z",
        "2026-01-31T12:00", "2026-01-31T12:0", "2026-01-31", "2"})
    CHECK(is_log_time(time));
  for (const char* time :
       {"", "Z", "yesterday", "now", "2026-13-31T12:00:00Z", "2026-00-31", "2026-01-32",
        "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:61Z",
        "2026-01-31 12:00:00Z", "2026-01-31T12:00Z", "2026-01-31T12:00:00+02:00",
        "2026-01-31T12:00:00.2501Z", "2026-01-31T12:00:00ZZ"})
    CHECK_FALSE(is_log_time(time));
}

TEST_CASE("who: what was open when the NAT started anew is over", "[nat][shell][rfc6888-4]") {
  CHECK(searched(question("203.0.113.1:4000", "2026-01-31T12:06:30Z")).answer().size() == 1);
  CHECK(searched(question("203.0.113.1:4000", "2026-01-31T12:07:30Z")).answer().empty());
  const auto last = searched(question("203.0.113.1:4000", "2026-01-31T13:00:00Z")).answer();
  REQUIRE(last.size() == 1);
  CHECK(last[0].until.empty());
}

TEST_CASE("who: protocols are told apart, blocks are of all", "[nat][shell][rfc6888-4]") {
  CHECK(searched(question("udp:203.0.113.1:4000")).answer().size() == 2);
  CHECK(searched(question("tcp:203.0.113.1:4000")).answer().size() == 1);
  const auto block = searched(question("tcp:203.0.113.1:5050", "2026-01-31T12:06:30Z")).answer();
  REQUIRE(block.size() == 1);
  CHECK(block[0].inside == "10.0.0.4");
  CHECK(block[0].protocol == "any");
  CHECK(searched(question("203.0.113.1:5100")).answer().empty());
  CHECK_FALSE(parse_question("sctp:203.0.113.1:5100"));
  CHECK_FALSE(parse_question("203.0.113.1"));
}

TEST_CASE("watch: events are told from a number on, and losses with them", "[nat][shell]") {
  RecentEvents events;
  CHECK(events.describe_since(0) == R"({"next":0,"lost":0,"events":[]})");
  events.add("1");
  events.add("2");
  CHECK(events.describe_since(0) == R"({"next":2,"lost":0,"events":[1,2]})");
  CHECK(events.describe_since(1) == R"({"next":2,"lost":0,"events":[2]})");
  CHECK(events.describe_since(9) == R"({"next":2,"lost":0,"events":[]})");
  for (int i = 3; i <= 8194; ++i) events.add(std::to_string(i));
  CHECK(events.describe_since(1).starts_with(R"({"next":8194,"lost":1,"events":[3,4,)"));
}
