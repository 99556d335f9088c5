#include <catch2/catch.hpp>

#include "ice/priority.hpp"
#include "stile/ice/candidate.hpp"

using namespace stile;
using namespace stile::ice;

TEST_CASE("candidate: a line is read and written back as it was", "[ice][rfc8839-5.1]") {
  const std::string line =
      "candidate:2 1 UDP 1694498815 203.0.113.141 45664 typ srflx raddr 192.0.2.1 rport 8998 "
      "generation 0 ufrag abcd";
  const auto candidate = Candidate::parse(line);
  REQUIRE(candidate);
  CHECK(candidate->type == CandidateType::server_reflexive);
  CHECK(candidate->address == *TransportAddress::parse("203.0.113.141:45664"));
  CHECK(candidate->related == TransportAddress::parse("192.0.2.1:8998"));
  CHECK(candidate->extensions.size() == 2);
  CHECK(candidate->to_string() == line);
}

TEST_CASE("candidate: a=, lower-case transport and IPv6 are read", "[ice][rfc8839-5.1]") {
  const auto candidate = Candidate::parse("a=candidate:1 2 udp 1 2001:db8::1 9 typ host\r\n");
  REQUIRE(candidate);
  CHECK(candidate->component == 2);
  CHECK(candidate->address.ip.is_v6());
}

TEST_CASE("candidate: each bad field is named", "[ice][rfc8839-5.1]") {
  const auto [line, word] = GENERATE(table<std::string, std::string>({
      {"foo", "candidate:"},
      {"candidate:? 1 UDP 1 192.0.2.1 9 typ host", "foundation"},
      {"candidate:123456789012345678901234567890123 1 UDP 1 192.0.2.1 9 typ host", "foundation"},
      {"candidate:1 0 UDP 1 192.0.2.1 9 typ host", "component"},
      {"candidate:1 257 UDP 1 192.0.2.1 9 typ host", "component"},
      {"candidate:1 1 SCTP 1 192.0.2.1 9 typ host", "transport"},
      {"candidate:1 1 UDP 0 192.0.2.1 9 typ host", "priority"},
      {"candidate:1 1 UDP 2147483648 192.0.2.1 9 typ host", "priority"},
      {"candidate:1 1 UDP 1 host.local 9 typ host", "IP address"},
      {"candidate:1 1 UDP 1 192.0.2.1 65536 typ host", "port"},
      {"candidate:1 1 UDP 1 192.0.2.1 9 typ best", "type"},
      {"candidate:1 1 UDP 1 192.0.2.1 9 typ srflx raddr x rport 1", "raddr"},
      {"candidate:1 1 UDP 1 192.0.2.1 9 typ srflx raddr 192.0.2.1 rport x", "rport"},
      {"candidate:1 1 UDP 1 192.0.2.1 9 typ host generation", "generation"},
  }));
  const auto candidate = Candidate::parse(line);
  REQUIRE_FALSE(candidate);
  CHECK_THAT(candidate.error(), Catch::Contains(word));
}

TEST_CASE("candidate: a name under .local is kept for who can find its address", "[ice]") {
  const auto named = Candidate::parse_named(
      "candidate:1 1 udp 2113937151 1f4712db-ea17.local 51000 typ host generation 0");
  REQUIRE(named);
  CHECK(named->name == "1f4712db-ea17.local");
  CHECK(named->candidate.address.port == 51000);
  CHECK(Candidate::parse_named("candidate:1 1 udp 2113937151 192.0.2.1 51000 typ host")
            ->name.empty());
  CHECK_FALSE(Candidate::parse_named("candidate:1 1 udp 2113937151 example.org 51000 typ host"));
}

TEST_CASE("candidate: cut at every length it is read or refused", "[ice][rfc8839-5.1]") {
  const std::string line =
      "candidate:1 1 UDP 2130706431 192.0.2.1 8998 typ srflx raddr 192.0.2.1 rport 1 a b";
  for (std::size_t length = 0; length < line.size(); ++length)
    (void)Candidate::parse(line.substr(0, length));
  CHECK_FALSE(Candidate::parse(std::string(5000, 'x')));
}

TEST_CASE("priority: the formulas of the RFC", "[ice][rfc8445-5.1.2.1][rfc8445-6.1.2.3]") {
  CHECK(candidate_priority(CandidateType::host, 65535, 1) == 2130706431);
  CHECK(candidate_priority(CandidateType::server_reflexive, 65535, 1) == 1694498815);
  CHECK(candidate_priority(CandidateType::relayed, 65535, 2) == 16777214);
  CHECK(pair_priority(2, 1) == (std::uint64_t{1} << 32) + 5);
  CHECK(pair_priority(1, 2) == (std::uint64_t{1} << 32) + 4);
}
