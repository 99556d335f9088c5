#include "server/core/impl.hpp"

namespace stile::relay {

using stun::ErrorNumber;

// RFC 6062 §5.4. An id of another user's is refused as any request of his for that allocation is
// (RFC 8656 §5), and stays pending.
Outcome Relay::Impl::connection_bind(const Request& request) {
  const FiveTuple& client = request.asked.five_tuple;
  const auto id = pending_connection(request.message);
  if (!is_stream(client.transport) || find(client) || !id)
    return refuse(request, ErrorNumber::bad_request);
  PeerConnection& connection = *peer_connections.find(*id);
  if (allocations.find(connection.owner)->user != request.user)
    return refuse(request, ErrorNumber::wrong_credentials);

  connection.state = Bound{};
  commands.push_back(JoinPeer{*id, client});
  Response response = success(request);
  return send(request, response);
}

/// The connection that a ConnectionBind names, if it waits for one.
std::optional<PeerConnectionId> Relay::Impl::pending_connection(
    const stun::MessageView& message) const {
  const auto id = message.get<stun::ConnectionId>();
  const auto found = id ? by_connection_id.find(id->value) : by_connection_id.end();
  if (found == by_connection_id.end()) return std::nullopt;
  const bool pending = std::holds_alternative<Unbound>(peer_connections.find(found->second)->state);
  return pending ? std::optional(found->second) : std::nullopt;
}

}  // namespace stile::relay
