#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "stile/discovery/behavior_test.hpp"

namespace stile::diagnose {

/// What was found out, in words, and what it comes to.
std::string for_people(const TransportAddress& server, const discovery::Findings& findings);
/// The same facts. What could not be found out is not in it.
nlohmann::json as_json(const TransportAddress& server, const discovery::Findings& findings);

}  // namespace stile::diagnose
