#include "server/core/impl.hpp"

namespace stile::relay {

using stun::ErrorNumber;

// RFC 6062 §5.2, its checks in its order; the answer comes when the shell has connected or failed.
Outcome Relay::Impl::connect(const Request& request) {
  const auto id = allocation_of(request);
  if (!id) return refuse(request, id.error());
  const Allocation& allocation = *allocations.find(*id);
  if (allocation.protocol != RelayProtocol::tcp)
    return refuse(request, ErrorNumber::allocation_mismatch);
  const auto attribute = request.message.get<stun::XorPeerAddress>();
  if (!attribute) return refuse(request, ErrorNumber::bad_request);
  const TransportAddress& peer = attribute->address;
  if (connection_with(allocation, peer))
    return refuse(request, ErrorNumber::connection_already_exists);
  if (!allocation.of(peer.family()))
    return refuse(request, ErrorNumber::peer_address_family_mismatch);
  if (!may_connect(allocation, peer)) return refuse(request, ErrorNumber::forbidden);
  const auto connection = add_peer_connection(*id, peer);
  if (!connection) return refuse(request, ErrorNumber::insufficient_capacity);

  const Instant expires = now + config->connect_timeout;
  peer_connections.find(*connection)->state = Connecting{request.asked, expires};
  peer_alarms.set(*connection, expires);
  commands.push_back(ConnectPeer{*connection, allocation.of(peer.family())->socket, peer});
  return Nothing{};
}

/// The gate, and not the relayed address itself: TCP can connect a port with itself.
bool Relay::Impl::may_connect(const Allocation& allocation, const TransportAddress& peer) const {
  const RelayedAddress& relayed = *allocation.of(peer.family());
  return gate.admits(peer) && peer != relayed.address &&
         peer != sockets.find(relayed.socket)->local;
}

void Relay::Impl::peer_connected(PeerConnectionId id, bool connected) {
  PeerConnection* const connection = peer_connections.find(id);
  if (!connection || !std::holds_alternative<Connecting>(connection->state)) return;
  if (!connected) return connect_failed(id);
  const Asked asked = std::get<Connecting>(std::move(connection->state)).asked;
  await_bind(id);
  ++counters.success_responses;
  Response response(response_buffer, asked, stun::Class::success_response);
  response.add(stun::ConnectionId{connection->connection_id});
  commands.push_back(SendToClient{asked.five_tuple, copy_of(response.finish())});
}

void Relay::Impl::connect_failed(PeerConnectionId id) {
  const Asked asked = std::get<Connecting>(std::move(peer_connections.find(id)->state)).asked;
  remove_peer_connection(id);
  ++counters.failed_connects;
  refuse_later(asked, ErrorNumber::connection_timeout_or_failure);
}

}  // namespace stile::relay
