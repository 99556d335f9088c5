#pragma once

#include <cstddef>
#include <cstdint>

#include "stile/base/instant.hpp"

namespace stile::relay {

/// A token bucket of bytes that holds what a quarter of a second brings. It may go into debt by
/// what is spent at once, and has room again when that is paid back, so that over time no more
/// passes than the rate. Without a lock, and safe to use from several threads, of which each may
/// just have missed the other's last datagram.
class ByteBucket {
 public:
  bool has_room(Instant now) const { return room_from() <= now; }
  /// Since when there has been room, or when there will be.
  Instant room_from() const;
  /// `bytes_per_second` is not 0.
  void spend(Instant now, std::uint64_t bytes_per_second, std::size_t bytes);

 private:
  /// When it is full again, in nanoseconds of CoreClock: a fast link's datagram is paid back in
  /// less than a microsecond. Read and written through atomic_ref.
  alignas(8) mutable std::int64_t full_at_ = 0;
};

}  // namespace stile::relay
