// Two ICE agents with a loop, a network and a clock of our own: what every driver of the core does,
// without sockets.

#include <array>
#include <cstdio>
#include <deque>

#include "stile/ice/agent.hpp"

using namespace stile;
using namespace std::chrono_literals;

struct Datagram {
  Instant arrives;
  TransportAddress from, to;
  ByteVector bytes;
};
using Network =
    std::deque<Datagram>;  // each datagram takes 10 ms, so the first is the next to arrive

struct Peer {
  IpAddress address;
  ice::Agent agent;
  std::vector<ice::Candidate> candidates{};
  bool has_heard = false;

  /// After each input: takes all that the agent wants done and known.
  void drain(Instant now, Network& network) {
    while (const auto command = agent.poll_command()) {
      // A socket needs a port that is its own; here it is the socket's id.
      if (const auto* open = std::get_if<ice::OpenSocket>(&*command))
        agent.handle_socket_opened(
            now, open->id, TransportAddress{address, static_cast<std::uint16_t>(open->id.value)});
      if (const auto* out = std::get_if<ice::SendDatagram>(&*command))
        send(now, network, out->from, out->to, out->bytes);
    }
    while (const auto event = agent.poll_event()) {
      if (const auto* found = std::get_if<ice::LocalCandidateFound>(&*event))
        candidates.push_back(found->candidate);
      if (const auto* changed = std::get_if<ice::StateChanged>(&*event))
        if (changed->state == ice::State::connected) greet(now, network);
    }
  }
  void send(Instant now, Network& network, ice::SocketId from, const TransportAddress& to,
            Bytes bytes) {
    network.push_back(
        {now + 10ms, {address, static_cast<std::uint16_t>(from.value)}, to, copy_of(bytes)});
  }
  void greet(Instant now, Network& network) {
    std::array<std::uint8_t, datagram_headroom + 5>
        buffer{};  // headroom: TURN puts its header in front of the data
    const MutableBytes data = MutableBytes(buffer).subspan(datagram_headroom);
    std::ranges::copy(as_bytes("hello"), data.begin());
    if (const auto ready = agent.send(now, 1, data))
      send(now, network, ready->from, ready->to, ready->datagram);
  }
  void take(Instant now, Network& network, Datagram datagram) {
    const ice::SocketId socket{datagram.to.port};
    if (const auto received = agent.handle_datagram(now, socket, datagram.from, datagram.bytes)) {
      has_heard = true;
      const auto text = as_text(received->data);
      std::printf("%6.1f ms  %s hears: %.*s\n",
                  static_cast<double>(now.time_since_epoch().count()) / 1000,
                  address.to_string().c_str(), static_cast<int>(text.size()), text.data());
    }
    drain(now, network);
  }
};

int main() {
  SystemRandom random;
  Network network;
  Instant now{};
  Peer a{IpAddress::v4(192, 0, 2, 1), ice::Agent({.role = ice::Role::controlling}, random)};
  Peer b{IpAddress::v4(192, 0, 2, 2), ice::Agent({.role = ice::Role::controlled}, random)};
  for (Peer* peer : {&a, &b}) {
    peer->agent.gather(now, std::array{peer->address});
    peer->drain(now, network);
  }
  // What an application sends through its signalling.
  for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    to->agent.set_remote_parameters(now, {from->agent.local_credentials()});
    for (const ice::Candidate& candidate : from->candidates)
      to->agent.add_remote_candidate(now, candidate);
    to->drain(now, network);
  }
  while (!(a.has_heard && b.has_heard)) {
    // "Sleep" until a datagram arrives or an agent wants to be woken.
    now = std::min(a.agent.poll_timeout(), b.agent.poll_timeout());
    if (!network.empty()) now = std::min(now, network.front().arrives);
    if (!network.empty() && network.front().arrives <= now) {
      Datagram datagram = std::move(network.front());
      network.pop_front();
      (datagram.to.ip == a.address ? a : b).take(now, network, std::move(datagram));
    }
    for (Peer* peer : {&a, &b}) {
      if (peer->agent.poll_timeout() > now) continue;
      peer->agent.handle_timeout(now);
      peer->drain(now, network);
    }
  }
}
