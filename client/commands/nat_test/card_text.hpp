#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "nat/grader/report_card.hpp"

namespace stile::nat_test {

/// `  met       MUST    REQ-1    One external endpoint whatever the destination:
/// endpoint-independent`
std::string line_of(const nat::grader::Grade& grade);
/// The last lines: how compliant the NAT is with each RFC.
std::string summary_of(const std::vector<nat::grader::Grade>& grades);
/// {"grades":[{"rfc","requirement","level","text","verdict","seen"}],"compliance":{"4787":"compliant"}}
nlohmann::ordered_json as_json(const std::vector<nat::grader::Grade>& grades);

}  // namespace stile::nat_test
