#include "nat/shell/state_file.hpp"

#include <catch2/catch.hpp>

#include "nat/shell/reports.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;
using namespace std::chrono_literals;

namespace {

SessionInfo example() {
  SessionInfo info;
  info.protocol = Protocol::tcp;
  info.inside = *TransportAddress::parse("10.0.0.2:4000");
  info.external = *TransportAddress::parse("203.0.113.1:4001");
  info.remote = *TransportAddress::parse("198.51.100.1:80");
  info.tcp_state = TcpState::outside_fin;
  info.time_left = 100s;
  info.outbound = {3, 300};
  info.inbound = {2, 200};
  return info;
}

std::string text_of(const SessionInfo& info) {
  return state_text(R"({"sessions":[)" + describe_session(info) + R"(],"mappings":[]})", 1000);
}

}  // namespace

TEST_CASE("state file: a session is read as it was written, less the time since", "[nat][shell]") {
  const auto state = parse_state(text_of(example()), 1040);
  REQUIRE(state);
  REQUIRE(state->sessions.size() == 1);
  const SessionInfo& read = state->sessions.front();
  CHECK(read.protocol == Protocol::tcp);
  CHECK(read.inside == example().inside);
  CHECK(read.external == example().external);
  CHECK(read.remote == example().remote);
  CHECK(read.tcp_state == TcpState::outside_fin);
  CHECK(read.time_left == Duration(60s));
  CHECK(read.outbound.bytes == 300);
  CHECK(read.inbound.packets == 2);
  CHECK(parse_state(text_of(example()), 900)->sessions.front().time_left == Duration(100s));
  CHECK(parse_state(text_of(example()), 1100)->sessions.empty());
}

TEST_CASE("state file: what is none is refused, wherever it is cut", "[nat][shell]") {
  const std::string whole = text_of(example());
  for (std::size_t size = 0; size + 1 < whole.size(); ++size)
    CHECK_FALSE(parse_state(whole.substr(0, size), 1000));
  for (const char* text : {"{}", "[]", R"({"written":1,"sessions":[{}]})",
                           R"({"written":"x","sessions":[]})", R"({"written":1,"sessions":7})"})
    CHECK_FALSE(parse_state(text, 1000));
}

TEST_CASE("state file: an IPv6 host's session is read, one of an unknown protocol is left out",
          "[nat][shell]") {
  SessionInfo ipv6 = example();
  ipv6.inside = *TransportAddress::parse("[2001:db8::1]:9");
  CHECK(parse_state(text_of(ipv6), 1000)->sessions.front().inside == ipv6.inside);
  ipv6.protocol = static_cast<Protocol>(50);
  CHECK(parse_state(text_of(ipv6), 1000)->sessions.empty());
}

TEST_CASE("state file: a mapping that a host asked for is read as it was written", "[nat][shell]") {
  SystemRandom random;
  Config config;
  config.external = {*IpAddress::parse("203.0.113.1")};
  config.inside_address = *IpAddress::parse("10.0.0.1");
  Nat nat(config, random);
  const Instant now{};
  MapRequest request;
  request.inside = *TransportAddress::parse("10.0.0.2:8080");
  request.suggested = *TransportAddress::parse("203.0.113.1:80");
  request.terms = {now + 100s, {}, "a \"web\" server", {{*IpPrefix::parse("198.51.100.0/24"), 7}}};
  REQUIRE(nat.map(now, request));
  const auto state = parse_state(state_text(describe_sessions(nat, now), 1000), 1010);
  REQUIRE(state);
  REQUIRE(state->mappings.size() == 1);
  const SavedMapping& read = state->mappings.front();
  CHECK(read.time_left == Duration(90s));
  CHECK(read.request.inside == request.inside);
  CHECK(read.request.suggested == *TransportAddress::parse("203.0.113.1:80"));
  CHECK(read.request.exactly);
  CHECK(read.request.terms.description == "a \"web\" server");
  REQUIRE(read.request.terms.filters.size() == 1);
  CHECK(read.request.terms.filters.front().prefix == *IpPrefix::parse("198.51.100.0/24"));
  CHECK(read.request.terms.filters.front().port == 7);
}
