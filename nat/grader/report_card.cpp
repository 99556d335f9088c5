#include "nat/grader/report_card.hpp"

#include <algorithm>

namespace stile::nat::grader {

namespace {

std::vector<const Requirement*> all_requirements(Pace slowest) {
  std::vector<const Requirement*> all;
  for (const auto requirements :
       {udp_requirements(), udp_timer_requirements(), fragment_requirements(), tcp_requirements(),
        tcp_timer_requirements(), icmp_requirements(), tcp_reset_requirements(),
        protocol_requirements(), refresh_requirements(), port_order_requirements(),
        identification_requirements()})
    for (const Requirement& requirement : requirements)
      if (requirement.pace <= slowest) all.push_back(&requirement);
  std::ranges::stable_sort(all, {}, [](const Requirement* each) { return each->rfc; });
  return all;
}

}  // namespace

std::vector<Grade> grade(TestBed& bed, Random& random, Pace slowest,
                         const std::function<void(const Grade&)>& tell) {
  Probe probe(bed, random);
  std::vector<Grade> grades;
  for (const Requirement* requirement : all_requirements(slowest)) {
    grades.push_back({requirement, requirement->test(probe)});
    if (tell) tell(grades.back());
  }
  return grades;
}

Compliance compliance_with(const std::vector<Grade>& grades, unsigned rfc) {
  const auto has = [&](Level level, Verdict verdict) {
    return std::ranges::any_of(grades, [&](const Grade& each) {
      return each.requirement->rfc == rfc && each.requirement->level == level &&
             each.finding.verdict == verdict;
    });
  };
  if (has(Level::must, Verdict::not_met)) return Compliance::none;
  if (has(Level::should, Verdict::not_met)) return Compliance::compliant;
  const bool is_tested = has(Level::must, Verdict::met) || has(Level::should, Verdict::met);
  return is_tested ? Compliance::fully_compliant : Compliance::untested;
}

std::string_view name_of(Compliance compliance) {
  switch (compliance) {
    case Compliance::none:
      return "not compliant";
    case Compliance::compliant:
      return "compliant";
    case Compliance::fully_compliant:
      return "fully compliant";
    case Compliance::untested:
      return "untested";
  }
  return {};
}

}  // namespace stile::nat::grader
