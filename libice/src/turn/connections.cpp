#include "stile/turn/client.hpp"

namespace stile::turn {

/// RFC 6062 §4.4.
void Client::take_attempt(const stun::MessageView& indication) {
  const auto id = indication.get<stun::ConnectionId>();
  const auto peer = indication.get<stun::XorPeerAddress>();
  if (!allocation_ || !config_.relays_tcp || !id || !peer || !is_permitted(peer->address.ip))
    return;
  events_.push_back(ConnectionOffered{id->value, peer->address});
}

}  // namespace stile::turn
