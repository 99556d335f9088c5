#pragma once

#include <string>

#include "nat/core/config.hpp"

namespace stile {

/// A NAT that is simulated: a behaviour such as `EIM/APDF`, or `like:NAME` for one of those that
/// `stile-nat --like list` names. Its addresses are not filled in. Throws CLI::ValidationError,
/// which names `option`.
nat::Config parse_simulated_nat(const std::string& option, const std::string& text);

}  // namespace stile
