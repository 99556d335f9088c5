#include "client/commands/simulated_nat.hpp"

#include <CLI/Error.hpp>
#include <string_view>

#include "nat/shell/options.hpp"
#include "nat/shell/problem.hpp"
#include "nat/sim/behavior_name.hpp"

namespace stile {

nat::Config parse_simulated_nat(const std::string& option, const std::string& text) {
  constexpr std::string_view like = "like:";
  if (text.starts_with(like)) {
    try {
      return nat::shell::config_like(text.substr(like.size()));
    } catch (const nat::shell::UsageProblem& problem) {
      throw CLI::ValidationError(option, problem.what());
    }
  }
  const auto behavior = sim::parse_behavior(text);
  if (!behavior)
    throw CLI::ValidationError(
        option, "'" + text + "' is neither a behaviour such as EIM/APDF nor like:NAME");
  nat::Config config;
  config.mapping = behavior->mapping;
  config.filtering = behavior->filtering;
  return config;
}

}  // namespace stile
