#include "client/commands/nat_test/card_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace stile::nat_test {

namespace {

using nat::grader::Grade;
using nat::grader::Verdict;

std::set<unsigned> rfcs_of(const std::vector<Grade>& grades) {
  std::set<unsigned> rfcs;
  for (const Grade& each : grades) rfcs.insert(each.requirement->rfc);
  return rfcs;
}

auto count(const std::vector<Grade>& grades, unsigned rfc, Verdict verdict) {
  return std::ranges::count_if(grades, [&](const Grade& each) {
    return each.requirement->rfc == rfc && each.finding.verdict == verdict;
  });
}

}  // namespace

std::string line_of(const Grade& grade) {
  const auto& [requirement, finding] = grade;
  return fmt::format("{:<9} {:<7} RFC {} {:<18} {}: {}\n", name_of(finding.verdict),
                     name_of(requirement->level), requirement->rfc, requirement->id,
                     requirement->text, finding.seen);
}

std::string summary_of(const std::vector<Grade>& grades) {
  std::string text = "\n";
  for (const unsigned rfc : rfcs_of(grades))
    text +=
        fmt::format("RFC {}: {} ({} met, {} not met, {} untested)\n", rfc,
                    name_of(compliance_with(grades, rfc)), count(grades, rfc, Verdict::met),
                    count(grades, rfc, Verdict::not_met), count(grades, rfc, Verdict::untested));
  return text;
}

nlohmann::ordered_json as_json(const std::vector<Grade>& grades) {
  nlohmann::ordered_json card{{"grades", nlohmann::ordered_json::array()}};
  for (const auto& [requirement, finding] : grades)
    card["grades"].push_back({{"rfc", requirement->rfc},
                              {"requirement", requirement->id},
                              {"level", name_of(requirement->level)},
                              {"text", requirement->text},
                              {"verdict", name_of(finding.verdict)},
                              {"seen", finding.seen}});
  for (const unsigned rfc : rfcs_of(grades))
    card["compliance"][std::to_string(rfc)] = name_of(compliance_with(grades, rfc));
  return card;
}

}  // namespace stile::nat_test
