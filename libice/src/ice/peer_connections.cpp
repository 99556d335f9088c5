#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {
constexpr unsigned max_refusals = 10;  ///< Limit: by a relay of the peer's, one each RTO
}

Base Agent::Impl::base_of(const CandidatePair& pair) const {
  return pair.connection ? Base{pair.connection - 1u, {}} : locals[pair.local].base;
}

Transport Agent::Impl::transport_of(const Base& base) const {
  const Socket& socket = sockets[base.socket];
  return !base.relay && socket.tcp_type ? Transport::tcp : Transport::udp;
}

bool Agent::Impl::is_connecting(const CandidatePair& pair) const {
  return pair.connection && sockets[pair.connection - 1u].status == Socket::Status::opening;
}

CandidatePair* Agent::Impl::pair_on(std::size_t connection) {
  const auto found = std::ranges::find_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return pair.connection == connection + 1;
  });
  return found == checklists.pairs().end() ? nullptr : &*found;
}

/// RFC 6544 §7.1: the check is sent once there is a connection.
void Agent::Impl::connect(CandidatePair& pair) {
  const std::size_t owner = locals[pair.local].base.socket;
  const Socket from = sockets[owner];
  if (from.tcp_type == TcpType::passive) return fail(pair, PairProblem::not_connected);
  const bool active = from.tcp_type == TcpType::active;
  const TransportAddress local_end = active ? TransportAddress{from.local.ip, 0} : from.local;
  Socket& added = add_peer_connection(owner, local_end);
  pair.connection = static_cast<std::uint32_t>(&added - sockets.data() + 1);
  pair.state = PairState::in_progress;
  commands.push_back(ConnectToPeer{added.id, local_end, remotes[pair.remote].address});
}

Socket& Agent::Impl::add_peer_connection(std::size_t owner, TransportAddress local_end) {
  const ComponentId number = sockets[owner].component;
  const auto type = sockets[owner].tcp_type;
  Socket& added = add_socket(number, local_end, sockets[owner].preference);
  added.kind = Socket::Kind::tcp_connection;
  added.transport = Transport::tcp;
  added.tcp_type = type;
  added.owner = owner;
  return added;
}

void Agent::Impl::peer_connection_opened(Instant now, std::size_t index,
                                         std::expected<TransportAddress, std::string> opened) {
  if (RelayedConnection* relayed = relayed_connection_on(index))
    return server_reached(*relayed, std::move(opened));
  CandidatePair* pair = pair_on(index);
  if (!opened) {
    sockets[index].status = Socket::Status::closed;
    if (!pair) return;
    pair->connection = 0;
    if (!connect_later(now, *pair)) fail(*pair, PairProblem::not_connected);
    return;
  }
  sockets[index].status = Socket::Status::open;
  sockets[index].local = *opened;
  if (!pair || pair->state == PairState::failed) return close_socket(sockets[index]);
  send_check(now, *pair);
}

/// RFC 6062 §5.3: a relay refuses whom it has no permission for, which its client may be asking for
/// just now. False if it has been tried often enough, or is no relay.
bool Agent::Impl::connect_later(Instant now, CandidatePair& pair) {
  if (pair.valid || remotes[pair.remote].type != CandidateType::relayed ||
      sockets[locals[pair.local].base.socket].tcp_type != TcpType::active)
    return false;
  auto known = std::ranges::find(reconnections, pair.id, &Reconnection::pair);
  if (known == reconnections.end()) known = reconnections.insert(known, {pair.id, 0, never});
  if (++known->refusals > max_refusals) return false;
  known->at = now + config.rto;
  pair.state = PairState::in_progress;
  pair.checks.clear();
  return true;
}

void Agent::Impl::connect_again(Instant now) {
  for (Reconnection& each : reconnections) {
    CandidatePair* const pair = each.at <= now ? checklists.find(each.pair) : nullptr;
    if (each.at <= now) each.at = never;
    if (!pair || pair->state != PairState::in_progress || pair->connection) continue;
    pair->state = PairState::waiting;
    checklists.trigger(*pair);
  }
}

bool Agent::Impl::waits_to_connect(const CandidatePair& pair) const {
  const auto known = std::ranges::find(reconnections, pair.id, &Reconnection::pair);
  return known != reconnections.end() && known->at != never;
}

/// RFC 6544 §7.2. What the peer is to us its check will show.
std::optional<SocketId> Agent::Impl::accept(SocketId listener, const TransportAddress& from) {
  const auto found = std::ranges::find(sockets, listener, &Socket::id);
  if (found == sockets.end() || found->kind != Socket::Kind::tcp_listener ||
      found->status != Socket::Status::open || state == State::closed)
    return std::nullopt;
  const auto owner = static_cast<std::size_t>(found - sockets.begin());
  if (!has_room_for_connection()) return std::nullopt;
  Socket& added = add_peer_connection(owner, sockets[owner].local);
  added.status = Socket::Status::open;
  // A simultaneous open that has come before ours: none of ours is needed.
  for (CandidatePair& pair : checklists.pairs())
    if (locals[pair.local].base == Base{owner, {}} && remotes[pair.remote].address == from &&
        !pair.connection && pair.tcp)
      pair.connection = static_cast<std::uint32_t>(&added - sockets.data() + 1);
  return added.id;
}

/// A pair is of no use without its connection; another check would open another one.
void Agent::Impl::leave_connection(const Socket& socket) {
  const auto index = static_cast<std::size_t>(&socket - sockets.data());
  for (CandidatePair& pair : checklists.pairs()) {
    if (pair.connection != index + 1) continue;
    fail(pair, PairProblem::base_lost);
    pair.valid = pair.nominating = pair.to_be_nominated = false;
    pair.checks.clear();
    pair.connection = 0;
  }
}

/// RFC 6544 §8: when ICE has concluded, all connections go but those that were selected, or that
/// data goes by yet; and nobody is listened for.
void Agent::Impl::close_unused_peer_connections() {
  if (!is_settled()) return;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (!sockets[i].tcp_type || sockets[i].status == Socket::Status::closed) continue;
    if (sockets[i].kind == Socket::Kind::tcp_active) continue;
    const CandidatePair* pair = pair_on(i);
    const bool kept = std::ranges::any_of(components, [&](const Component& each) {
      return each.former && each.former->base == Base{i, {}};
    });
    if (!kept && !(pair && is_selected(*pair))) close_socket(sockets[i]);
  }
}

}  // namespace stile::ice
