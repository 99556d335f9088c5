#pragma once

#include <cstdint>

namespace stile::server {

/// Whether channels are relayed in the kernel: where that is possible and passes no packet filter
/// by, or in any case, or never.
enum class KernelRelayUse : std::uint8_t { automatic, on, off };

}  // namespace stile::server
