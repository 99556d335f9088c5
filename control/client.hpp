#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace stile::control {

using Json = nlohmann::ordered_json;

/// An answer as it came, and what it says.
struct Answer {
  std::string text;
  Json json;
};

/// Asks the running `program` that listens at `path`. Throws Error if nobody answers, or the answer
/// is an error.
Answer ask(const std::string& program, const std::string& path, const std::string& command);

/// "name value" lines; what is nested gets its parent's name in front.
void print_values(const Json& object, const std::string& prefix = {});

}  // namespace stile::control
