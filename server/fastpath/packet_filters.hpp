#pragma once

#include <optional>
#include <string>

namespace stile::server {

/// What in this network namespace sees, and may stop, datagrams on their way to and from sockets,
/// and would not see those that are relayed where they come in: one of them, in words; nothing if
/// there is none. Chains that see only what is forwarded or bridged do not count: they do not see
/// what a socket sends either.
std::optional<std::string> packet_filter();

}  // namespace stile::server
