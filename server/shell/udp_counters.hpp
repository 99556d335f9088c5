#pragma once

#include <cstdint>

namespace stile::server {

/// Datagrams that came, and that the kernel had no room to keep until the worker read them.
struct UdpCounters {
  std::uint64_t lost_from_clients = 0;
  std::uint64_t lost_from_peers = 0;
};

}  // namespace stile::server
