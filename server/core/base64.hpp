#pragma once

#include <string>

#include "stile/base/bytes.hpp"

namespace stile::relay {

/// RFC 4648 §4, with padding.
std::string base64(Bytes bytes);

}  // namespace stile::relay
