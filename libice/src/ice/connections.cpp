#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {

constexpr std::size_t max_redirections = 8;  ///< Limit: servers that others have sent us to

/// What relays for us over a stream is used when nothing over UDP works; below all of the host's
/// UDP sockets, whose preferences are at least 65535 - (31 << 8).
std::uint16_t preference_of(Transport transport) {
  switch (transport) {
    case Transport::udp:
      return 65535;
    case Transport::dtls:
      return 65535 - (40 << 8);
    case Transport::tcp:
      return 65535 - (41 << 8);
    case Transport::tls:
      return 65535 - (42 << 8);
  }
  return 0;
}

}  // namespace

/// All at once, with what is asked over UDP: whichever works first is told first.
void Agent::Impl::connect_to_servers() {
  if (config.lite) return;
  for (std::size_t i = 0; i < turn_servers.size(); ++i) {
    const auto& [address, credentials, transport, host] = turn_servers[i];
    if (!config.udp && (transport == Transport::udp || transport == Transport::dtls)) {
      server_failed(address, "is asked over UDP, which is off");
      continue;
    }
    const bool wanted = address.family() == Family::ipv4 ? config.ipv4 : config.ipv6;
    for (std::size_t at = 0; wanted && at < components.size(); ++at) {
      open_connection(i, component_at(at), false);
      if (config.tcp && is_stream(transport)) open_connection(i, component_at(at), true);
    }
  }
}

/// False if there is one, or needs to be none.
bool Agent::Impl::open_connection(std::size_t server, ComponentId component, bool relays_tcp) {
  const TurnServer& to = turn_servers[server];
  const auto known = std::ranges::find_if(sockets, [&](const Socket& socket) {
    return socket.status != Socket::Status::closed &&
           socket.kind == Socket::Kind::server_connection && socket.server == server &&
           socket.relays_tcp == relays_tcp && socket.component == component;
  });
  if (to.transport == Transport::udp || known != sockets.end()) return false;
  Socket& socket = add_socket(component, {}, preference_of(to.transport));
  socket.kind = Socket::Kind::server_connection;
  socket.transport = to.transport;
  socket.server = server;
  socket.relays_tcp = relays_tcp;
  commands.push_back(OpenConnection{socket.id, to.address, to.transport, to.host});
  return true;
}

void Agent::Impl::connection_opened(Instant now, std::size_t index,
                                    std::expected<TransportAddress, std::string> local_end) {
  Socket& socket = sockets[index];
  if (!local_end) {
    socket.status = Socket::Status::closed;
    server_failed(turn_servers[socket.server].address, local_end.error());
    return finish_gathering_if_done(now);
  }
  socket.status = Socket::Status::open;
  socket.local = *local_end;
  servers_to_ask.emplace_back(index, number_of_turn(socket.server));
}

void Agent::Impl::disconnected(Instant now, SocketId id, const std::string& reason) {
  const auto found = std::ranges::find(sockets, id, &Socket::id);
  if (found == sockets.end() || found->status != Socket::Status::open) return;
  found->status = Socket::Status::closed;
  const auto index = static_cast<std::size_t>(found - sockets.begin());
  if (found->kind == Socket::Kind::tcp_connection) {
    forget_relayed_connection(index);
    CandidatePair* const pair = pair_on(index);
    if (!pair || !connect_later(now, *pair)) return lose(now, {index, {}});
    pair->connection = 0;
    return;
  }
  if (found->kind == Socket::Kind::stun_connection) leave_stun_connection(index);
  std::erase_if(servers_to_ask, [&](const auto& each) { return each.first == index; });
  for (std::size_t i = 0; i < relays.size(); ++i) {
    if (relays[i]->socket != index) continue;
    relays[i]->client.handle_disconnected(reason);
    drain_relay(now, i);
  }
  finish_gathering_if_done(now);
}

/// RFC 8489 §10: over the same transport, with the same credentials, and its certificate has the
/// first server's name. False if it was asked before, or is none of ours to ask.
bool Agent::Impl::redirect(const Relay& from, const TransportAddress& to) {
  TurnServer server = turn_servers[from.server];
  if (to.family() != server.address.family() || to.port == 0) return false;
  server.address = to;
  const auto same = std::ranges::find_if(turn_servers, [&](const TurnServer& other) {
    return other.address == to && other.transport == server.transport;
  });
  const auto index = static_cast<std::size_t>(same - turn_servers.begin());
  if (same == turn_servers.end()) {
    if (redirections >= max_redirections) return false;
    ++redirections;
    turn_servers.push_back(server);
  }
  const Socket& socket = sockets[from.socket];
  if (socket.transport != Transport::udp)
    return open_connection(index, ComponentId(socket.component), socket.relays_tcp);
  if (relay_at(from.socket, to)) return false;
  servers_to_ask.emplace_back(from.socket, number_of_turn(index));
  return true;
}

}  // namespace stile::ice
