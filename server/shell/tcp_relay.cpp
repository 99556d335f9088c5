#include "server/shell/worker.hpp"

namespace stile::server {

PeerConnections::Handler Worker::peer_handler() {
  return {[this](relay::PeerConnectionId id, bool connected) {
            relay_.handle_peer_connected(now_, id, connected);
            drain();
          },
          [this](relay::PeerConnectionId id, std::size_t to_peer, std::size_t from_peer) {
            return relay_.handle_peer_data(now_, id, to_peer, from_peer);
          },
          [this](relay::PeerConnectionId id) {
            relay_.handle_peer_closed(now_, id);
            drain();
          }};
}

void Worker::accept_peers(relay::RelaySocketId listener) {
  if (listener.index >= relay_sockets_.size() ||
      relay_sockets_[listener.index].generation != listener.generation)
    return;
  const int fd = relay_sockets_[listener.index].socket.fd();
  for (int i = 0; i < Acceptor::at_once; ++i) {
    auto accepted = peer_acceptor_.accept(fd);
    if (!accepted) break;
    if (!accepted->socket) continue;
    if (const auto id = relay_.handle_peer_accepted(now_, listener, accepted->from))
      peers_.add(*id, std::move(accepted->socket));
  }
  drain();
}

void Worker::carry_out(const relay::ConnectPeer& command) {
  peers_.connect(command.id, relay_sockets_[command.from.index].socket.fd(), command.peer);
}

void Worker::carry_out(const relay::JoinPeer& command) {
  if (auto client = streams_.release(command.client))
    peers_.join(now_, command.id, std::move(client->stream), client->early);
}

void Worker::carry_out(const relay::ClosePeer& command) {
  peers_.close(command.id);
}

/// The connection goes to the worker whose core has what `message`, its last, is about.
void Worker::move_client(const FiveTuple& five_tuple, Bytes message, std::uint32_t worker) {
  ByteVector unread = copy_of(message);
  auto client = streams_.release(five_tuple);
  if (!client) return;
  unread.insert(unread.end(), client->early.begin(), client->early.end());
  shared_.inboxes[worker]->put(
      MovedClient{five_tuple, std::move(client->stream), std::move(unread)});
}

}  // namespace stile::server
