#pragma once

#include <string>

#include "client/commands/explain/trace_file.hpp"

namespace stile::explain {

/// A page (HTML) that needs nothing else: how the session went, the check list over time, what
/// became of each pair and why, and what happened when.
std::string page(const Trace& trace);

}  // namespace stile::explain
