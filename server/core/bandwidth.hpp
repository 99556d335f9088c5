#pragma once

#include "server/core/byte_bucket.hpp"

namespace stile::relay {

enum class Direction : std::uint8_t { to_peer, from_peer };

/// Of an allocation, of a user, or of all: each direction has its own, as a line does.
struct Bandwidth {
  ByteBucket to_peers, from_peers;
  ByteBucket& of(Direction direction) {
    return direction == Direction::to_peer ? to_peers : from_peers;
  }
};

}  // namespace stile::relay
