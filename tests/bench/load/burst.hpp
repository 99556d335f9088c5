#pragma once

#include "server/shell/socket.hpp"
#include "stile/base/bytes.hpp"

namespace stile::bench {

/// Sends the datagram so many times (at most 64), one by one or joined (UDP_SEGMENT); to where the
/// socket is connected if `to` is null. How many the kernel has taken.
unsigned send_burst(int fd, const server::SocketAddress* to, Bytes datagram, unsigned count,
                    bool joined);

}  // namespace stile::bench
