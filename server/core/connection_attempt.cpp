#include "server/core/impl.hpp"

namespace stile::relay {

// RFC 6062 §5.3. A peer that may not send to the client may not connect to it either.
std::optional<PeerConnectionId> Relay::Impl::peer_accepted(RelaySocketId socket,
                                                           const TransportAddress& peer) {
  Allocation* const allocation = owner_of(socket);
  if (!allocation) return std::nullopt;
  if (!allocation->permission(peer.ip) || !gate.admits_endpoint(peer)) {
    ++counters.no_permission_from;
    return std::nullopt;
  }
  const auto id = add_peer_connection(*sockets.find(socket)->owner, peer);
  if (!id) {
    ++counters.refused_peers;
    return std::nullopt;
  }
  await_bind(*id);
  tell_attempt(*allocation, *peer_connections.find(*id));
  return id;
}

void Relay::Impl::tell_attempt(const Allocation& allocation, const PeerConnection& connection) {
  stun::MessageBuilder builder(response_buffer, stun::Class::indication,
                               stun::Method::connection_attempt,
                               stun::TransactionId{next_transaction_id()});
  builder.add(stun::XorPeerAddress{connection.peer})
      .add(stun::ConnectionId{connection.connection_id});
  commands.push_back(SendToClient{allocation.five_tuple, copy_of(builder.finish())});
}

}  // namespace stile::relay
