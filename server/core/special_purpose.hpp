#pragma once

#include <span>
#include <string_view>

namespace stile::relay {

/// The IANA special-purpose address registries (RFC 6890 and what was added since), multicast, and
/// the forms of IPv6 that tunnel or embed IPv4. No client may reach these through the relay unless
/// an operator opens them.
std::span<const std::string_view> special_purpose_prefixes();

/// NAT64 (RFC 6052 §2.1): lies in a reserved range and reaches the whole of IPv4. The gate looks at
/// the address inside.
inline constexpr std::string_view translation_prefix = "64:ff9b::/96";

}  // namespace stile::relay
