#include "ice/impl.hpp"

namespace stile::ice {

void Agent::Impl::add_servers(Instant now, std::vector<TransportAddress> stun,
                              std::vector<TurnServer> turn) {
  const ServerCounts known{stun_servers.size(), turn_servers.size()};
  stun_servers.insert(stun_servers.end(), stun.begin(), stun.end());
  turn_servers.insert(turn_servers.end(), turn.begin(), turn.end());
  if (gathering_done || state == State::idle || state == State::closed) return;
  for (std::size_t i = 0; i < sockets.size(); ++i)
    if (sockets[i].status == Socket::Status::open && !sockets[i].forsaken && !sockets[i].sprays)
      ask_servers(i, known);
  connect_to_servers();
  finish_gathering_if_done(now);
}

void Agent::Impl::end_of_servers(Instant now) {
  more_servers = false;
  finish_gathering_if_done(now);
}

TransportAddress Agent::Impl::server_address(std::size_t number) const {
  const std::size_t index = index_of_server(number);
  return is_turn_number(number) ? turn_servers[index].address : stun_servers[index];
}

}  // namespace stile::ice
