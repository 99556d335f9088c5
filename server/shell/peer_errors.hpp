#pragma once

#include <optional>

#include "stile/base/address.hpp"
#include "stile/stun/attributes/relay.hpp"

namespace stile::server {

/// An ICMP error about a datagram to `peer`.
struct PeerError {
  TransportAddress peer;
  stun::Icmp icmp;
};

/// Has the kernel keep the ICMP errors about what a UDP socket has sent.
void keep_peer_errors(int fd, Family family);
/// Takes the oldest one that is kept; nothing if there is none. An error of another kind has type
/// 0.
std::optional<PeerError> take_peer_error(int fd);

}  // namespace stile::server
