#include "server/shell/peer_connections.hpp"

namespace stile::server {

namespace {
constexpr Duration sweep_interval = std::chrono::seconds(10);
}

PeerConnections::PeerConnections(Poller& poller, Handler handler)
    : poller_(poller), handler_(std::move(handler)), buffer_(Stream::room_to_read) {}

void PeerConnections::connect(Id id, int listener, const TransportAddress& peer) {
  auto socket = connect_tcp(listener, peer);
  if (!socket) return handler_.connected(id, false);
  poller_.add(socket->fd(), {Watched::Kind::peer_connection, id.index, id.generation},
              Poller::writable);
  put(id, Attempt{std::move(*socket)});
}

void PeerConnections::add(Id id, Descriptor socket) {
  put(id, Waiting{std::move(socket)});
}

void PeerConnections::join(Instant now, Id id, Stream client, Bytes early) {
  Slot* const slot = find(id);
  Waiting* const waiting = slot ? std::get_if<Waiting>(&slot->state) : nullptr;
  if (!waiting) return;
  auto connection = std::make_unique<DataConnection>(now, std::move(client),
                                                     Stream(std::move(waiting->socket)), early);
  Joined& joined = slot->state.emplace<Joined>(Joined{std::move(connection)});
  ++joined_;
  if (next_sweep_ == never) next_sweep_ = now + sweep_interval;
  count(id, joined, {early.size(), 0});
  poll(now, id, joined);
}

void PeerConnections::close(Id id) {
  Slot* const slot = find(id);
  if (!slot) return;
  if (const auto* joined = std::get_if<Joined>(&slot->state)) {
    joined->connection->finish();
    --joined_;
  }
  *slot = {};
}

void PeerConnections::ask_again(Instant now) {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    auto* const joined = std::get_if<Joined>(&slots_[i].state);
    if (!joined) continue;
    const Id id{i, slots_[i].generation};
    joined->connection->hold_up(handler_.relayed(id, 0, 0));
    poll(now, id, *joined);
  }
}

void PeerConnections::handle(Instant now, const Poller::Event& event) {
  const Id id{event.watched.index, event.watched.generation};
  Slot* const slot = find(id);
  if (!slot) return;  // closed in this wake-up
  if (std::holds_alternative<Attempt>(slot->state))
    end_attempt(id, *slot);
  else if (auto* joined = std::get_if<Joined>(&slot->state))
    relay(now, id, *joined);
}

void PeerConnections::end_attempt(Id id, Slot& slot) {
  Descriptor socket = std::move(std::get<Attempt>(slot.state).socket);
  poller_.remove(socket.fd());
  const bool connected = take_error(socket.fd()) == 0;
  if (connected)
    slot.state = Waiting{std::move(socket)};
  else
    slot = {};
  handler_.connected(id, connected);
}

void PeerConnections::relay(Instant now, Id id, Joined& joined) {
  DataConnection::Relayed relayed;
  const auto state = joined.connection->relay(now, buffer_, relayed);
  count(id, joined, relayed);
  if (state == DataConnection::State::open) return poll(now, id, joined);
  if (state == DataConnection::State::broken) joined.connection->reset();
  close(id);
  handler_.closed(id);
}

void PeerConnections::count(Id id, Joined& joined, const DataConnection::Relayed& relayed) {
  if (relayed.to_peer == 0 && relayed.from_peer == 0) return;
  joined.connection->hold_up(handler_.relayed(id, relayed.to_peer, relayed.from_peer));
}

void PeerConnections::poll(Instant now, Id id, Joined& joined) {
  const DataConnection& connection = *joined.connection;
  if (const Instant next = connection.read_again(now); next != never) held_up_.set(id, next);
  poll({Watched::Kind::data_client, id.index, id.generation},
       connection.fd(DataConnection::Side::client), joined.polled_client,
       connection.interest(DataConnection::Side::client, now));
  poll({Watched::Kind::peer_connection, id.index, id.generation},
       connection.fd(DataConnection::Side::peer), joined.polled_peer,
       connection.interest(DataConnection::Side::peer, now));
}

/// What is waited for on neither account leaves the poller: it would tell of a hang-up again and
/// again.
void PeerConnections::poll(Watched watched, int fd, std::uint32_t& polled, std::uint32_t interest) {
  if (interest == polled) return;
  if (polled == Poller::nothing)
    poller_.add(fd, watched, interest);
  else if (interest == Poller::nothing)
    poller_.remove(fd);
  else
    poller_.change(fd, watched, interest);
  polled = interest;
}

void PeerConnections::handle_timeout(Instant now) {
  while (const auto id = held_up_.pop_due(now)) {
    Slot* const slot = find(*id);
    if (auto* joined = slot ? std::get_if<Joined>(&slot->state) : nullptr) poll(now, *id, *joined);
  }
  if (now >= next_sweep_) sweep(now);
}

void PeerConnections::sweep(Instant now) {
  std::vector<Id> abandoned;
  for (std::uint32_t i = 0; i < slots_.size(); ++i)
    if (const auto* joined = std::get_if<Joined>(&slots_[i].state);
        joined && joined->connection->is_abandoned(now))
      abandoned.push_back({i, slots_[i].generation});
  for (const Id id : abandoned) {
    close(id);
    handler_.closed(id);
  }
  next_sweep_ = joined_ == 0 ? never : now + sweep_interval;
}

PeerConnections::Slot* PeerConnections::find(Id id) {
  const bool there = id.index < slots_.size() && slots_[id.index].generation == id.generation;
  return there ? &slots_[id.index] : nullptr;
}

void PeerConnections::put(Id id, std::variant<std::monostate, Attempt, Waiting, Joined> state) {
  if (id.index >= slots_.size()) slots_.resize(id.index + 1);
  slots_[id.index] = {id.generation, std::move(state)};
}

}  // namespace stile::server
