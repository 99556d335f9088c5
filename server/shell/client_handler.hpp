#pragma once

#include <functional>

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::server {

/// What those who carry clients' messages tell the worker, and ask it.
struct ClientHandler {
  /// One STUN message or ChannelData, without padding. It lies in a buffer that is used again with
  /// the next input.
  std::function<void(const FiveTuple&, MutableBytes message)> message;
  /// The connection is over. Only of those that a message has come from.
  std::function<void(const FiveTuple&)> closed;
  /// Whether there is an allocation of this five-tuple; who has one is given more room and time.
  std::function<bool(const FiveTuple&)> has_allocation;
  /// Whether clients at this address are served at all.
  std::function<bool(const IpAddress&)> serves;
};

}  // namespace stile::server
