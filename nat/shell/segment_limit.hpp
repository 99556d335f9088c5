#pragma once

#include <cstdint>
#include <optional>

#include "nat/shell/options.hpp"
#include "nat/shell/placement.hpp"

namespace stile::nat::shell {

/// The largest TCP segment, in bytes of its payload, that connections may agree on, if there is to
/// be a limit (`--clamp-mss`).
std::optional<std::uint16_t> segment_limit(const RunOptions& options, const Placement& placement);

}  // namespace stile::nat::shell
