#pragma once

#include <cstdint>

namespace stile::server {

/// What of the channels the kernel relays, and which Binding requests it answers; it is among what
/// the relay counts.
struct KernelCounters {
  std::uint64_t channels_now = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bindings = 0;
};

}  // namespace stile::server
