#include "tests/unit/relay/server.hpp"

#include <algorithm>

#include "server/core/reconfiguration.hpp"

namespace stile::relay::test {

Config usual_config() {
  Config config;
  config.realm = "example.org";
  config.users = {{"alice", "secret"}, {"bob", "hunter2"}};
  config.nonce_keys.emplace_back().fill(7);
  config.relay_addresses = {relay_v4, relay_v6};
  config.own_addresses = {listener};
  for (const char* prefix : {"198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"})
    config.peers.allow.push_back(*IpPrefix::parse(prefix));
  return config;
}

Server::Server(Config config, std::shared_ptr<Resources> resources, CoreNumber number,
               std::uint64_t seed)
    : random_(seed),
      config_(std::move(config)),
      relay_(std::make_shared<const Config>(config_), random_, std::move(resources), number) {}

namespace {

/// A received datagram as a shell holds it; exactly as large as promised, so that a sanitizer sees
/// a step too far.
struct Buffer {
  explicit Buffer(Bytes datagram) : bytes(datagram_headroom + datagram.size()) {
    std::ranges::copy(datagram, bytes.begin() + datagram_headroom);
  }
  MutableBytes datagram() { return MutableBytes(bytes).subspan(datagram_headroom); }
  ByteVector bytes;
};

}  // namespace

Reaction Server::client_sends(const FiveTuple& five_tuple, Bytes datagram,
                              std::uint8_t traffic_class) {
  Buffer buffer(datagram);
  return take(
      relay_.handle_client_datagram(now, wall, five_tuple, buffer.datagram(), traffic_class));
}

Reaction Server::peer_sends(const TransportAddress& relayed, const TransportAddress& peer,
                            Bytes datagram, std::uint8_t traffic_class) {
  const auto socket = socket_at(relayed);
  if (!socket) return {};
  Buffer buffer(datagram);
  return take(relay_.handle_peer_datagram(now, *socket, peer, buffer.datagram(), traffic_class));
}

Reaction Server::peer_unreachable(const TransportAddress& relayed, const TransportAddress& peer,
                                  const stun::Icmp& icmp) {
  const auto socket = socket_at(relayed);
  return socket ? take(relay_.handle_peer_icmp(now, *socket, peer, icmp)) : Reaction{};
}

void Server::client_closes(const FiveTuple& five_tuple) {
  relay_.handle_client_closed(now, five_tuple);
  take(Nothing{});
}

Reaction Server::connected(PeerConnectionId id, bool success) {
  relay_.handle_peer_connected(now, id, success);
  return take(Nothing{});
}

Reaction Server::peer_connects(const TransportAddress& relayed, const TransportAddress& peer) {
  accepted = relay_.handle_peer_accepted(now, *socket_at(relayed), peer);
  return take(Nothing{});
}

Reaction Server::reconfigure(const std::function<void(Config&)>& change) {
  const Config current = config_;
  change(config_);
  config_ = keeping_unchangeable(current, config_);
  relay_.handle_config(now, std::make_shared<const Config>(config_));
  return take(Nothing{});
}

bool Server::close(const FiveTuple& five_tuple) {
  const bool ended = relay_.handle_close(now, five_tuple);
  take(Nothing{});
  return ended;
}

void Server::forward(Duration time) {
  const Instant end = now + time;
  const Instant start = now;
  while (relay_.poll_timeout() <= end) {
    now = std::max(now, relay_.poll_timeout());
    relay_.handle_timeout(now);
    take(Nothing{});
  }
  now = end;
  wall.value += std::chrono::duration_cast<std::chrono::seconds>(end - start).count();
}

std::vector<TransportAddress> Server::open_sockets() const {
  std::vector<TransportAddress> open;
  for (const Socket& socket : sockets_) open.push_back(socket.local);
  return open;
}

RelayProtocol Server::protocol_at(const TransportAddress& local) const {
  return std::ranges::find(sockets_, local, &Socket::local)->protocol;
}

std::optional<RelaySocketId> Server::socket_at(const TransportAddress& local) const {
  const auto found = std::ranges::find(sockets_, local, &Socket::local);
  return found == sockets_.end() ? std::nullopt : std::optional(found->id);
}

Reaction Server::take(const Outcome& outcome) {
  Reaction reaction;
  if (const auto* answer = std::get_if<ToClient>(&outcome)) {
    reaction.to_client = answer->to;
    reaction.message = copy_of(answer->message);
    reaction.fields = answer->fields;
  }
  if (const auto* relayed = std::get_if<ToPeer>(&outcome)) {
    reaction.to_peer = relayed->peer;
    reaction.from = relayed->from;
    reaction.data = copy_of(relayed->datagram);
    reaction.fields = relayed->fields;
  }
  if (const auto* other = std::get_if<ToOtherCore>(&outcome)) reaction.other_core = other->index;
  drain(reaction);
  return reaction;
}

void Server::drain(Reaction& reaction) {
  while (auto command = relay_.poll_command()) {
    if (const auto* open = std::get_if<OpenRelaySocket>(&*command)) {
      asked_for.push_back(open->local);
      const bool bound =
          can_bind && !busy_ports.contains(open->local.port) && !is_open(open->local);
      if (bound) sockets_.push_back({open->id, open->local, open->protocol});
      relay_.handle_relay_socket_opened(now, open->id, bound);
    } else if (const auto* close = std::get_if<CloseRelaySocket>(&*command)) {
      std::erase_if(sockets_, [&](const auto& socket) { return socket.id == close->id; });
    } else if (auto* send = std::get_if<SendToClient>(&*command)) {
      reaction.to_client = send->five_tuple;
      reaction.message = std::move(send->bytes);
    } else if (const auto* connect = std::get_if<ConnectPeer>(&*command)) {
      connects.push_back(*connect);
    } else if (const auto* join = std::get_if<JoinPeer>(&*command)) {
      joined.push_back(*join);
    } else if (const auto* close_peer = std::get_if<ClosePeer>(&*command)) {
      closed.push_back(close_peer->id);
    } else if (const auto* release = std::get_if<ReleaseClient>(&*command)) {
      released.push_back(release->five_tuple);
    } else if (const auto* bind = std::get_if<BindFlow>(&*command)) {
      ++flows;
      bound_flows.push_back(*bind);
    } else if (const auto* unbind = std::get_if<UnbindFlow>(&*command)) {
      --flows;
      relay_.handle_flow_traffic(unbind->five_tuple, unbind->relay_socket, told_at_unbind.first,
                                 told_at_unbind.second);
    }
  }
  while (auto event = relay_.poll_event()) events.push_back(std::move(*event));
}

}  // namespace stile::relay::test
