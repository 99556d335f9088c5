#include "nat/sim/server_node.hpp"

namespace stile::sim {

namespace {
/// The wall clock of the virtual world stands still: nothing in a scenario lives long enough to
/// expire by the calendar.
constexpr UnixSeconds wall{1'800'000'000};
}  // namespace

ServerNode::ServerNode(World& world, Segment& segment, relay::Config config)
    : world_(world),
      random_(world.random_for("server")),
      host_(segment, config.own_addresses.front().ip),
      relay_(std::make_shared<const relay::Config>(config), random_),
      alarm_(
          world, [this] { return relay_.poll_timeout(); },
          [this] {
            relay_.handle_timeout(world_.now());
            drain();
          }) {
  for (const TransportAddress& address : config.own_addresses) listen(address);
}

void ServerNode::listen(const TransportAddress& address) {
  host_.add_address(address.ip);
  host_.bind(address, [this, address](const TransportAddress& from, MutableBytes datagram) {
    take(relay_.handle_client_datagram(world_.now(), wall, {from, address, Transport::udp},
                                       datagram));
    drain();
  });
}

void ServerNode::take(const relay::Outcome& outcome) {
  if (const auto* to_peer = std::get_if<relay::ToPeer>(&outcome))
    host_.send(relayed_.at(to_peer->from), to_peer->peer, to_peer->datagram);
  else if (const auto* to_client = std::get_if<relay::ToClient>(&outcome))
    host_.send(to_client->to.server, to_client->to.client, to_client->message);
}

void ServerNode::take(const relay::OpenRelaySocket& command) {
  const bool free = !host_.is_bound(command.local);
  if (free) {
    relayed_[command.id] = command.local;
    host_.bind(command.local,
               [this, id = command.id](const TransportAddress& from, MutableBytes datagram) {
                 take(relay_.handle_peer_datagram(world_.now(), id, from, datagram));
                 drain();
               });
  }
  relay_.handle_relay_socket_opened(world_.now(), command.id, free);
}

void ServerNode::take(const relay::CloseRelaySocket& command) {
  host_.unbind(relayed_.at(command.id));
  relayed_.erase(command.id);
}

void ServerNode::take(const relay::SendToClient& command) {
  host_.send(command.five_tuple.server, command.five_tuple.client, command.bytes);
}

void ServerNode::drain() {
  while (const auto command = relay_.poll_command())
    std::visit([this](const auto& each) { take(each); }, *command);
  while (relay_.poll_event()) {
  }
  alarm_.plan();
}

}  // namespace stile::sim
