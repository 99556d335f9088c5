#pragma once

#include <string>
#include <string_view>

namespace stile::control {

/// The text for a terminal: whoever gave a name must not command the terminal of whoever reads it.
/// With a byte that is not printable ASCII it is written as in a JSON string, without the quotes.
std::string printable(std::string_view text);

}  // namespace stile::control
