#pragma once

#include <optional>
#include <string>

#include "nat/shell/options.hpp"

namespace stile::nat::shell {

/// Why the configuration file as it is now cannot be taken up without a new start: one line with
/// the place of the first key that has changed and may not. Nothing if there is none. What may:
/// timers, limits of hosts and mappings, forwards, impairments, and what is logged.
std::optional<std::string> problem_with_change(const RunOptions& running, const RunOptions& wanted);

}  // namespace stile::nat::shell
