#pragma once

#include <string>

namespace stile::nat::shell {

/// The name of an interface's driver, as `ethtool -i` has it; empty if it does not say.
std::string driver_of(const std::string& interface);

}  // namespace stile::nat::shell
