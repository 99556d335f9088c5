#pragma once

#include <optional>

#include "stile/base/address.hpp"

namespace stile {

/// The IPv4 address that an IPv6 address carries to where a translator or a tunnel would send it,
/// if any: IPv4-compatible ::/96 (RFC 4291 §2.5.5.1), NAT64 64:ff9b::/96 (RFC 6052 §2.1), 6to4
/// 2002::/16 (RFC 3056 §2), Teredo 2001::/32 (RFC 4380 §4, the client's, inverted), ISATAP
/// ::0:5efe:a.b.c.d (RFC 5214 §6.1).
std::optional<IpAddress> embedded_ipv4(const IpAddress& address);

}  // namespace stile
