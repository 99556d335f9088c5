#include <catch2/catch.hpp>

#include "nat/grader/simulated_bed.hpp"
#include "tests/unit/grader/card.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;

}  // namespace

TEST_CASE("grader: the default NAT meets everything", "[grader][rfc4787-12]") {
  SeededRandom random(1);
  SimulatedBed bed({}, random);
  const auto grades = grade(bed, random, Pace::hours);
  CHECK(grades.size() > 55);
  for (const Grade& each : grades) {
    INFO(each.requirement->rfc << ' ' << each.requirement->id << ": " << each.finding.seen);
    CHECK(each.finding.verdict != Verdict::not_met);
    CHECK(each.finding.verdict != Verdict::untested);
    CHECK_FALSE(each.finding.seen.empty());
  }
  for (const unsigned rfc : {4787u, 5382u, 5508u, 7857u})
    CHECK(compliance_with(grades, rfc) == Compliance::fully_compliant);
}

TEST_CASE("grader: mapping and filtering are told apart", "[grader][rfc4787-4.1][rfc4787-5]") {
  for (const Behavior mapping : {Behavior::endpoint_independent, Behavior::address_dependent,
                                 Behavior::address_and_port_dependent})
    for (const Behavior filtering : {Behavior::endpoint_independent, Behavior::address_dependent,
                                     Behavior::address_and_port_dependent}) {
      Config config;
      config.mapping = mapping;
      config.filtering = filtering;
      Card card = card_of(config);
      CHECK(card["4787 REQ-1"].seen == name_of(mapping));
      CHECK(card["5382 REQ-1"].seen == name_of(mapping));
      CHECK(card["4787 REQ-8"].seen == name_of(filtering));
      CHECK(card["5382 REQ-3"].seen == name_of(filtering));
    }
}

TEST_CASE("grader: timers that are too short", "[grader][rfc4787-4.3][rfc5382-5][rfc5508-3.2]") {
  Config config;
  config.udp_timeout = 30s;
  config.icmp_timeout = 30s;
  config.tcp_established_timeout = 3600s;
  config.tcp_opening_timeout = 60s;
  config.tcp_closing_timeout = 60s;
  Card card = card_of(config);
  CHECK(failures(card) == Names{"4787 REQ-5", "4787 REQ-5c", "5382 REQ-5", "5382 REQ-5 (closing)",
                                "5382 REQ-5 (opening)", "5508 REQ-2", "7857 2.2 (4 minutes)"});
  CHECK(card["4787 4.3"].seen == "between 29 s and 31 s");
}

TEST_CASE("grader: a timer between two and five minutes is only not recommended",
          "[grader][rfc4787-4.3]") {
  Config config;
  config.udp_timeout = 150s;
  Card card = card_of(config);
  CHECK(failures(card) == Names{"4787 REQ-5c"});
  CHECK(card["4787 4.3"].seen == "between 121 s and 181 s");
}

TEST_CASE("grader: what refreshes", "[grader][rfc4787-4.3]") {
  CHECK(card_of({})["4787 REQ-6a"].seen == "what comes in does not keep the mapping");
  Config config;
  config.refresh = Refresh::both;
  CHECK(card_of(config)["4787 REQ-6a"].seen == "what comes in keeps the mapping");
}

TEST_CASE("grader: hairpinning that is off, or shows the inside", "[grader][rfc4787-6]") {
  Config config;
  config.hairpin = Hairpin::off;
  CHECK(failures(card_of(config)) == Names{"4787 REQ-9", "5382 REQ-8"});
  config.hairpin = Hairpin::internal;
  Card card = card_of(config);
  CHECK(card["4787 REQ-9"].verdict == Verdict::met);
  CHECK(card["4787 REQ-9a"].verdict == Verdict::not_met);
  CHECK(card["5382 REQ-8"].verdict == Verdict::not_met);
}

TEST_CASE("grader: ports that do not keep their parity", "[grader][rfc4787-4.2.2]") {
  Config config;
  config.parity = false;
  config.ports = PortAssignment::random;
  Card card = card_of(config);
  CHECK(failures(card) == Names{"4787 REQ-4"});
}

TEST_CASE("grader: an unsolicited SYN is left unanswered", "[grader][rfc5382-4.3]") {
  Config config;
  config.unsolicited_syn = UnsolicitedSyn::silence;
  Card card = card_of(config);
  CHECK(failures(card) == Names{"5382 REQ-4 (ICMP)"});
  config.unsolicited_syn = UnsolicitedSyn::hold;
  config.syn_hold = 1s;
  CHECK(failures(card_of(config)) == Names{"5382 REQ-4", "5382 REQ-4 (ICMP)"});
}

TEST_CASE("grader: a held SYN that an outbound one overtakes", "[grader][rfc5382-4.3]") {
  Config config;
  CHECK(card_of(config)["5382 REQ-4 (in time)"].seen ==
        "a SYN from outside is not held, it comes in");
  config.filtering = Behavior::address_dependent;
  CHECK(card_of(config)["5382 REQ-4 (in time)"].seen == "the SYN that came first is forgotten");
  config.mapping = Behavior::address_and_port_dependent;
  CHECK(card_of(config)["5382 REQ-4 (in time)"].verdict == Verdict::untested);
}

TEST_CASE("grader: of what lets nothing out nothing is said", "[grader][rfc4787-12]") {
  Config config;
  config.blocked = {{Protocol::udp}};
  SeededRandom random(1);
  SimulatedBed bed(config, random);
  const auto grades = grade(bed, random, Pace::hours);
  CHECK(compliance_with(grades, 4787) == Compliance::untested);
  CHECK(compliance_with(grades, 5382) == Compliance::fully_compliant);
}

TEST_CASE("grader: the same seed gives the same card", "[grader]") {
  const Card first = card_of({});
  const Card second = card_of({});
  REQUIRE(first.size() == second.size());
  for (const auto& [name, finding] : first) CHECK(second.at(name).seen == finding.seen);
}

}  // namespace stile::nat::grader
