#pragma once

#include <string>

#include "nat/core/nat.hpp"
#include "nat/shell/option_words.hpp"

namespace stile::nat::shell {

/// `2026-01-31T12:00:00.000Z`
std::string utc_now();

/// An event as one JSON object without a line's end, for the log and for those who watch:
/// {"time":"...","event":"created","protocol":"udp","inside":"10.0.0.2:4000","external":"192.0.2.1:4000"},
/// likewise "ended" with a "reason", "refused" with one, "external" with the list of addresses,
/// "session-created" and "session-ended" with a "remote", "block-assigned" and "block-released"
/// with "ports":"1024-1535".
std::string describe_event(const Event& event, std::string_view time);

/// Whether the log has it, at that detail. What is neither block, mapping nor session always.
bool is_logged(const Event& event, LogDetail detail);

}  // namespace stile::nat::shell
