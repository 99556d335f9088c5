#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

struct Grade {
  const Requirement* requirement = nullptr;
  Finding finding;
};

/// Every requirement that takes no longer than `slowest`, RFC by RFC; `tell` hears of each as it
/// comes. Those that take longer are not in it.
std::vector<Grade> grade(TestBed& bed, Random& random, Pace slowest,
                         const std::function<void(const Grade&)>& tell = {});

/// RFC 4787 §12: "compliant" meets every MUST, "fully compliant" every SHOULD, too. Of what was
/// tested.
enum class Compliance : std::uint8_t { none, compliant, fully_compliant, untested };
Compliance compliance_with(const std::vector<Grade>& grades, unsigned rfc);
std::string_view name_of(Compliance compliance);

}  // namespace stile::nat::grader
