#include "nat/sim/server_node.hpp"

#include <algorithm>

#include "stile/stun/stream_framing.hpp"

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
      tcp_(world, "server", [this](Bytes packet) { host_.send_packet(packet); }),
      relay_(std::make_shared<const relay::Config>(config), random_),
      alarm_(
          world, [this] { return relay_.poll_timeout(); },
          [this] {
            relay_.handle_timeout(world_.now());
            drain();
          }) {
  host_.take_tcp(
      [this](const TransportAddress& from, const TransportAddress& to,
             const nat::TcpView& segment_view) { tcp_.receive(from, to, segment_view); });
  for (const TransportAddress& address : config.own_addresses) listen(address);
}

void ServerNode::listen(const TransportAddress& address) {
  host_.add_address(address.ip);
  host_.bind(address, [this, address](const TransportAddress& from, MutableBytes datagram) {
    take(relay_.handle_client_datagram(world_.now(), wall, {from, address, Transport::udp},
                                       datagram));
    drain();
  });
  tcp_.listen(address, [this, address](const TransportAddress& from) {
    return accept({.local = address, .remote = from});
  });
}

std::optional<Tcp::Callbacks> ServerNode::accept(const Tcp::Ends& ends) {
  streams_[ends];
  return Tcp::Callbacks{.on_opened = {},
                        .on_bytes = [this, ends](Bytes bytes) { take_bytes(ends, bytes); },
                        .on_ended =
                            [this, ends] {
                              streams_.erase(ends);
                              relay_.handle_client_closed(
                                  world_.now(), {ends.remote, ends.local, Transport::tcp});
                              drain();
                            }};
}

void ServerNode::take_bytes(const Tcp::Ends& ends, Bytes bytes) {
  ByteVector& rest = streams_.at(ends);
  rest.insert(rest.end(), bytes.begin(), bytes.end());
  for (;;) {
    const auto frame = stun::next_frame(rest);
    if (frame.status != stun::Frame::Status::complete) return;
    ByteVector buffer(datagram_headroom + frame.message_size + datagram_tailroom);
    std::copy_n(rest.begin(), frame.message_size, buffer.begin() + datagram_headroom);
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(frame.size_on_stream));
    take(relay_.handle_client_datagram(
        world_.now(), wall, {ends.remote, ends.local, Transport::tcp},
        MutableBytes(buffer).subspan(datagram_headroom, frame.message_size)));
    drain();
  }
}

void ServerNode::send(const FiveTuple& to, Bytes message) {
  if (to.transport == Transport::tcp)
    tcp_.send({.local = to.server, .remote = to.client}, message);
  else
    host_.send(to.server, to.client, message);
}

void ServerNode::take(const relay::Outcome& outcome) {
  if (const auto* to_peer = std::get_if<relay::ToPeer>(&outcome))
    host_.send(relayed_.at(to_peer->from), to_peer->peer, to_peer->datagram);
  else if (const auto* to_client = std::get_if<relay::ToClient>(&outcome))
    send(to_client->to, to_client->message);
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
  send(command.five_tuple, command.bytes);
}

void ServerNode::drain() {
  while (const auto command = relay_.poll_command())
    std::visit([this](const auto& each) { take(each); }, *command);
  while (relay_.poll_event()) {
  }
  alarm_.plan();
}

}  // namespace stile::sim
