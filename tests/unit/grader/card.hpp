#pragma once

#include <map>
#include <string>
#include <vector>

#include "nat/grader/report_card.hpp"
#include "nat/grader/simulated_bed.hpp"

namespace stile::nat::grader {

/// Each rule's finding by its name, such as "4787 REQ-1".
using Card = std::map<std::string, Finding>;
using Names = std::vector<std::string>;

inline Card card_of(TestBed& bed, Random& random) {
  Card card;
  for (const Grade& each : grade(bed, random, Pace::hours))
    card[std::to_string(each.requirement->rfc) + " " + std::string(each.requirement->id)] =
        each.finding;
  return card;
}

inline Card card_of(Config config) {
  SeededRandom random(1);
  SimulatedBed bed(std::move(config), random);
  return card_of(bed, random);
}

inline Names names_of(const Card& card, Verdict verdict) {
  Names names;
  for (const auto& [name, finding] : card)
    if (finding.verdict == verdict) names.push_back(name);
  return names;
}

/// Those that a NAT does not meet, in order.
inline Names failures(const Card& card) {
  return names_of(card, Verdict::not_met);
}

}  // namespace stile::nat::grader
