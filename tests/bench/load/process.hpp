#pragma once

#include <cstdint>
#include <string>

namespace stile::bench {

/// What another process has used so far, by the kernel's books. 0 for pid 0.
double cpu_seconds(int pid);
/// What this thread has used so far.
double thread_seconds();
std::uint64_t resident_bytes(int pid);

}  // namespace stile::bench
