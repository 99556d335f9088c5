#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {
constexpr std::size_t max_stun_connections = 64;  ///< Limit: that are open at once
}

/// RFC 6544 §5.2: how a NAT maps the port that is listened at, those see that it connects to. TURN
/// servers over TCP answer Binding requests, too.
void Agent::Impl::ask_servers_over_tcp(std::size_t listener, const ServerCounts& from) {
  const Family family = sockets[listener].local.family();
  for (std::size_t i = from.stun; i < stun_servers.size(); ++i)
    if (stun_servers[i].family() == family)
      servers_to_ask.emplace_back(listener, number_of_stun(i));
  for (std::size_t i = from.turn; i < turn_servers.size(); ++i) {
    const TurnServer& server = turn_servers[i];
    const bool known = std::ranges::find(stun_servers, server.address) != stun_servers.end();
    if (server.transport == Transport::tcp && server.address.family() == family && !known)
      servers_to_ask.emplace_back(listener, number_of_turn(i));
  }
}

/// RFC 6544 §4.1: the connection is opened when the transaction may be. One that is left from
/// before a restart is asked on again.
void Agent::Impl::ask_over_tcp(Instant now, std::size_t listener, std::size_t number) {
  const auto lives = [](const Socket& socket) {
    return socket.kind == Socket::Kind::stun_connection && socket.status != Socket::Status::closed;
  };
  const auto known = std::ranges::find_if(sockets, [&](const Socket& socket) {
    return lives(socket) && socket.owner == listener && socket.server == number;
  });
  if (known != sockets.end()) {
    if (known->status == Socket::Status::open)
      ask_for_mapping(now, static_cast<std::size_t>(known - sockets.begin()), number + 1,
                      server_address(number));
    return;
  }
  const auto open = std::ranges::count_if(sockets, lives);
  if (sockets[listener].status != Socket::Status::open ||
      std::cmp_greater_equal(open, max_stun_connections))
    return finish_gathering_if_done(now);
  const Socket from = sockets[listener];
  Socket& added = add_socket(from.component, from.local, from.preference);
  added.kind = Socket::Kind::stun_connection;
  added.transport = Transport::tcp;
  added.owner = listener;
  added.server = number;
  commands.push_back(
      OpenConnection{added.id, server_address(number), Transport::tcp, {}, from.local});
}

void Agent::Impl::stun_connection_opened(Instant now, std::size_t index,
                                         std::expected<TransportAddress, std::string> opened) {
  Socket& socket = sockets[index];
  if (!opened) {
    socket.status = Socket::Status::closed;
    return finish_gathering_if_done(now);
  }
  socket.status = Socket::Status::open;
  socket.local = *opened;
  ask_for_mapping(now, index, socket.server + 1, server_address(socket.server));
  if (next_keepalive == never) next_keepalive = now + config.keepalive;
}

/// Nothing else is to come on it: no peer is there.
void Agent::Impl::take_stun_answer(Instant now, std::size_t index, const TransportAddress& from,
                                   Bytes datagram) {
  const auto message = stun::MessageView::parse(datagram);
  if (!message) {
    ++counters.malformed;
    return;
  }
  const bool answers = message->method() == stun::Method::binding &&
                       message->message_class() != stun::Class::request &&
                       message->message_class() != stun::Class::indication;
  if (!answers || !take_server_response(now, index, from, *message)) ++counters.unmatched_responses;
}

void Agent::Impl::leave_stun_connection(std::size_t index) {
  std::erase_if(server_checks, [&](const ServerCheck& check) { return check.socket == index; });
}

/// RFC 6544 §11.2: until ICE has concluded, whether or not it is their candidates that were
/// selected.
void Agent::Impl::close_stun_connections() {
  if (!is_settled()) return;
  for (Socket& socket : sockets)
    if (socket.kind == Socket::Kind::stun_connection && socket.status != Socket::Status::closed)
      close_socket(socket);
}

}  // namespace stile::ice
