#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace stile::nat::shell {

/// A session of `ctl list --json` as `conntrack -L` of Linux prints one: protocol, seconds left,
/// state, and both directions with their packets and bytes. The inside host stands first.
std::string conntrack_line(const nlohmann::ordered_json& session);

}  // namespace stile::nat::shell
