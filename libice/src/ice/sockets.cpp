#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

/// In the place of one that is closed and that nothing refers to, so that a session that restarts
/// again and again does not grow. Its id is new all the same: the driver may still have something
/// to say of the former one.
Socket& Agent::Impl::add_socket(ComponentId component, const TransportAddress& local_address,
                                std::uint16_t preference) {
  std::size_t index = 0;
  while (index < sockets.size() && !is_free(index)) ++index;
  if (index == sockets.size()) sockets.emplace_back();
  sockets[index] = {SocketId{++last_socket_id}, component, local_address, preference};
  return sockets[index];
}

bool Agent::Impl::is_free(std::size_t index) const {
  if (sockets[index].status != Socket::Status::closed) return false;
  const auto leaves_by_it = [&](const auto& each) { return each.base.socket == index; };
  const bool in_locals = std::ranges::any_of(locals, leaves_by_it);
  const bool in_relays = std::ranges::any_of(relays, [&](const auto& relay) {
    return relay->socket == index && relay->client.poll_timeout() != never;
  });
  const bool in_paths = std::ranges::any_of(
      components, [&](const Component& each) { return each.former && leaves_by_it(*each.former); });
  const bool in_early_checks = std::ranges::any_of(early_checks, leaves_by_it);
  const bool in_pairs = std::ranges::any_of(
      checklists.pairs(), [&](const CandidatePair& pair) { return pair.connection == index + 1; });
  const bool owns = std::ranges::any_of(sockets, [&](const Socket& socket) {
    const bool begins =
        socket.kind == Socket::Kind::tcp_connection || socket.kind == Socket::Kind::stun_connection;
    return begins && socket.owner == index && socket.status != Socket::Status::closed;
  });
  return !in_pairs && !owns && !in_locals && !in_relays && !in_paths && !in_early_checks;
}

void Agent::Impl::close_socket(Socket& socket) {
  const auto index = static_cast<std::size_t>(&socket - sockets.data());
  const bool connects = socket.kind == Socket::Kind::server_connection ||
                        socket.kind == Socket::Kind::tcp_connection ||
                        socket.kind == Socket::Kind::stun_connection;
  const bool connecting = connects && socket.status == Socket::Status::opening;
  unmap_port(index);
  if (socket.kind == Socket::Kind::tcp_connection) leave_connection(socket);
  forget_relayed_connection(index);
  if (socket.kind == Socket::Kind::stun_connection) leave_stun_connection(index);
  const bool is_one = socket.kind != Socket::Kind::tcp_active;
  if ((socket.status == Socket::Status::open && is_one) || connecting)
    commands.push_back(CloseSocket{socket.id});
  socket.status = Socket::Status::closed;
}

/// Those whose address the host had lost when a restart came, and connections without an
/// allocation.
void Agent::Impl::close_unused_sockets() {
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const bool relays_for_us = std::ranges::any_of(relays, [&](const auto& relay) {
      return relay->socket == i && relay->client.is_allocated();
    });
    const bool serves = sockets[i].kind == Socket::Kind::server_connection;
    if (sockets[i].forsaken || (serves && !relays_for_us)) close_socket(sockets[i]);
  }
}

/// A session that restarts again before it has found a pair goes by none of the former ones but
/// that which data goes by.
void Agent::Impl::close_forsaken_sockets(Instant now) {
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const bool carries_data = std::ranges::any_of(components, [&](const Component& each) {
      return each.former && each.former->base.socket == i;
    });
    if (!sockets[i].forsaken || sockets[i].status != Socket::Status::open || carries_data) continue;
    for (std::size_t at = 0; at < relays.size(); ++at) {
      if (relays[at]->socket != i) continue;
      relays[at]->settled = true;
      relays[at]->client.close(now);
      drain_relay(now, at);
    }
    close_socket(sockets[i]);
  }
}

}  // namespace stile::ice
