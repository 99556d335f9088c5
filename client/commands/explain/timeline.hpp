#pragma once

#include <string>

#include "client/commands/explain/trace_file.hpp"

namespace stile::explain {

/// The check list over time as a drawing (SVG): a row for each pair, its states as bars, its checks
/// and answers as marks; the session's own states above.
std::string timeline(const Trace& trace);

/// `41 ms`, `1.25 s`.
std::string in_words(double ms);
/// `srflx 203.0.113.101:49874`.
std::string in_words(const ice::Candidate& candidate);

}  // namespace stile::explain
