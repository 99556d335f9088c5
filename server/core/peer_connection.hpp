#pragma once

#include <variant>

#include "server/core/allocation.hpp"

namespace stile::relay {

/// RFC 6062 §5.2: the shell is connecting, and the client waits for the answer to its Connect.
struct Connecting {
  Asked asked;
  Instant expires;
};
/// RFC 6062 §5.2, §5.3: open, and no ConnectionBind has come for it yet.
struct Unbound {
  Instant expires;
};
/// RFC 6062 §5.4: joined with a connection of the client.
struct Bound {};

/// RFC 6062 §3, "peer data connection": a TCP connection between a relayed address and a peer.
struct PeerConnection {
  AllocationId owner;
  TransportAddress peer;
  std::uint32_t connection_id = 0;  ///< by which the client knows it; 0 while connecting
  std::variant<Connecting, Unbound, Bound> state;
};

}  // namespace stile::relay
