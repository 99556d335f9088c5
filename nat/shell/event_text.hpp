#pragma once

#include <string>

#include "nat/core/nat.hpp"

namespace stile::nat::shell {

/// `2026-01-31T12:00:00.000Z`
std::string utc_now();

/// An event as one JSON object without a line's end, for the log and for those who watch:
/// {"time":"...","event":"created","protocol":"udp","inside":"10.0.0.2:4000","external":"192.0.2.1:4000"},
/// likewise "ended" with a "reason", "refused" with one, "external" with the list of addresses.
std::string describe_event(const Event& event, std::string_view time);

}  // namespace stile::nat::shell
