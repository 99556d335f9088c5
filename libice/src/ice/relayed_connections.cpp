#include <algorithm>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

namespace stile::ice {

namespace {
constexpr std::size_t max_accepted = 64;  ///< Limit: connections that peers have opened
constexpr std::size_t highest_other_preference = 8191;  // RFC 6544 §4.2
}  // namespace

bool Agent::Impl::has_room_for_connection() const {
  const auto accepted = std::ranges::count_if(sockets, [](const Socket& socket) {
    return socket.kind == Socket::Kind::tcp_connection && socket.status == Socket::Status::open;
  });
  return std::cmp_less(accepted, max_accepted);
}

/// RFC 6544 §5.5: a passive one, to which the peer connects.
void Agent::Impl::add_relayed_tcp_candidate(Instant now, std::size_t index,
                                            const TransportAddress& relayed) {
  const Relay& relay = *relays[index];
  const Socket& socket = sockets[relay.socket];
  Candidate candidate;
  candidate.component = socket.component.component;
  candidate.stream = socket.component.stream;
  candidate.transport = Transport::tcp;
  candidate.address = relayed;
  candidate.type = CandidateType::relayed;
  const auto other = static_cast<std::uint16_t>(highest_other_preference -
                                                std::min(relay.server, highest_other_preference));
  candidate.priority = candidate_priority(
      candidate.type, tcp_local_preference(candidate.type, TcpType::passive, other),
      candidate.component, Transport::tcp);
  candidate.foundation = foundation_of(candidate.type, relayed.ip,
                                       turn_servers[relay.server].address.ip, Transport::tcp);
  // RFC 8839 §5.1 wants one; what the server sees us at is told with other candidates, if at all.
  candidate.related = TransportAddress{IpAddress::v4(0), 0};
  candidate.extensions.emplace_back(tcp_type_extension, to_string(TcpType::passive));
  const bool announced = !gathering_done || goes_on_telling();
  locals.push_back({std::move(candidate), {relay.socket, index}, announced});
  if (announced) events.push_back(LocalCandidateFound{locals.back().candidate});
  pair_local(now, locals.size() - 1);
}

/// The server lets in nobody else. Which address a peer's connection will come from, its candidates
/// for UDP may show, too (RFC 6544 §5.2).
void Agent::Impl::permit_connections(Instant now, const LocalCandidate& ours,
                                     const Candidate& theirs) {
  if (!ours.base.relay || ours.candidate.transport != Transport::tcp ||
      ours.candidate.address.family() != theirs.address.family())
    return;
  relays[*ours.base.relay]->client.permit(now, theirs.address.ip);
  drain_relay(now, *ours.base.relay);
}

/// RFC 6062 §4.4: another connection to the server, that is to become the peer's.
void Agent::Impl::take_offer(std::size_t index, const turn::ConnectionOffered& offered) {
  if (!has_room_for_connection() || relayed_connections.size() >= max_accepted) return;
  const Relay& relay = *relays[index];
  const TurnServer& server = turn_servers[relay.server];
  Socket& added = add_peer_connection(relay.socket, {});
  added.tcp_type = TcpType::passive;
  relayed_connections.push_back({static_cast<std::size_t>(&added - sockets.data()), offered.peer,
                                 relay.client.bind(offered)});
  commands.push_back(OpenConnection{added.id, server.address, server.transport, server.host});
}

RelayedConnection* Agent::Impl::relayed_connection_on(std::size_t socket) {
  const auto found = std::ranges::find(relayed_connections, socket, &RelayedConnection::socket);
  return found == relayed_connections.end() ? nullptr : &*found;
}

void Agent::Impl::server_reached(RelayedConnection& connection,
                                 std::expected<TransportAddress, std::string> local_end) {
  Socket& socket = sockets[connection.socket];
  if (!local_end) {
    socket.status = Socket::Status::closed;
    return forget_relayed_connection(connection.socket);
  }
  socket.status = Socket::Status::open;
  socket.local = *local_end;
  commands.push_back(SendDatagram{socket.id, turn_servers[sockets[socket.owner].server].address,
                                  connection.binding->request(random)});
}

/// Once it is bound, it is as if the peer had connected to us.
void Agent::Impl::take_binding_answer(RelayedConnection& connection, Bytes answer) {
  using Answer = turn::ConnectionBinding::State;
  Socket& socket = sockets[connection.socket];
  const auto message = stun::MessageView::parse(answer);
  const bool is_answer = message && (message->message_class() == stun::Class::success_response ||
                                     message->message_class() == stun::Class::error_response);
  if (!is_answer) return close_socket(socket);
  switch (connection.binding->handle_answer(*message)) {
    case Answer::bound:
      connection.binding.reset();
      commands.push_back(CarryFrames{socket.id});
      break;
    case Answer::refused:
      close_socket(socket);
      break;
    case Answer::waiting:
      commands.push_back(SendDatagram{socket.id, turn_servers[sockets[socket.owner].server].address,
                                      connection.binding->request(random)});
      break;
  }
}

void Agent::Impl::forget_relayed_connection(std::size_t socket) {
  std::erase_if(relayed_connections,
                [&](const RelayedConnection& each) { return each.socket == socket; });
}

}  // namespace stile::ice
