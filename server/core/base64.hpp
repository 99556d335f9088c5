#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stile/base/bytes.hpp"

namespace stile::relay {

/// RFC 4648 §4, with padding.
std::string base64(Bytes bytes);
/// The same back; nothing if the text is not exactly that.
std::optional<ByteVector> from_base64(std::string_view text);

}  // namespace stile::relay
