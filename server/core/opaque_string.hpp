#pragma once

#include <string>
#include <string_view>

namespace stile::relay {

/// The OpaqueString profile of RFC 8265 §4.2.2, which RFC 8489 §9.2.2 has names, realms and
/// passwords go through: every space is U+0020, the text in Unicode's form C. What the profile does
/// not allow comes back as it is: nobody's password stops working because it has an odd character.
std::string opaque_string(std::string_view text);

}  // namespace stile::relay
