#include "tests/unit/ice/wire.hpp"

#include <algorithm>

namespace stile::ice::test {

Wire::Wire(Config config_a, Config config_b)
    : a(1, std::move(config_a), IpAddress::v4(192, 0, 2, 1)),
      b(2, std::move(config_b), IpAddress::v4(192, 0, 2, 2)) {}

void Wire::gather(Peer& peer) {
  std::vector<IpAddress> addresses{peer.ip};
  if (peer.second_ip) addresses.push_back(*peer.second_ip);
  peer.agent.gather(now, addresses);
  drain(peer);
}

void Wire::move(Peer& peer, IpAddress first, std::optional<IpAddress> second) {
  peer.ip = first;
  peer.second_ip = second;
  std::vector<IpAddress> addresses{first};
  if (second) addresses.push_back(*second);
  peer.agent.handle_local_addresses(now, addresses);
  drain(peer);
}

void Wire::introduce() {
  for (Peer* peer : {&a, &b}) {
    peer->agent.set_remote_parameters(now, other(*peer).agent.local_parameters());
    drain(*peer);
  }
}

void Wire::connect() {
  gather(a);
  gather(b);
  introduce();
  const auto over = [](const Peer& peer) {
    return peer.agent.state() == State::completed || peer.agent.state() == State::failed;
  };
  run_until([&] { return over(a) && over(b); });
}

void Wire::restart() {
  signalling = false;  // what the one says belongs to a session that the other begins in a moment
  for (Peer* peer : {&a, &b}) {
    peer->candidates.clear();
    peer->selected.reset();
    peer->all_selected.clear();
    peer->gathering_done = false;
    const IpAddress addresses[] = {peer->ip};
    peer->agent.restart(now, addresses);
    drain(*peer);
  }
  signalling = true;
  introduce();
  for (Peer* peer : {&a, &b}) {
    for (const Candidate& candidate : peer->candidates)
      other(*peer).agent.add_remote_candidate(now, candidate);
    if (peer->gathering_done) other(*peer).agent.end_of_remote_candidates(now);
    drain(other(*peer));
  }
}

void Wire::run_for(Duration duration) {
  const Instant end = now + duration;
  while (step(end)) {
  }
  now = end;
}

bool Wire::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now + limit;
  while (!done() && step(end)) {
  }
  return done();
}

/// Does what comes next, if that is not after `limit`.
bool Wire::step(Instant limit) {
  Instant next = std::min(a.agent.poll_timeout(), b.agent.poll_timeout());
  if (!in_flight_.empty()) next = std::min(next, in_flight_.front().at);
  if (next == never || next > limit) return false;
  now = std::max(now, next);
  if (!in_flight_.empty() && in_flight_.front().at <= now) {
    const Datagram datagram = std::move(in_flight_.front());
    in_flight_.pop_front();
    for (Peer* peer : {&a, &b}) {
      if (!peer->owns(datagram.to.ip)) continue;
      if (!datagram.connection)
        deliver(*peer, datagram.from, datagram.bytes, datagram.to);
      else if (peer->sockets.contains(*datagram.connection))
        give(*peer, *datagram.connection, datagram.from, datagram.bytes);
    }
    return true;
  }
  for (Peer* peer : {&a, &b}) {
    if (peer->agent.poll_timeout() > now) continue;
    peer->agent.handle_timeout(now);
    drain(*peer);
  }
  return true;
}

void Wire::deliver(Peer& to, const TransportAddress& from, Bytes bytes,
                   std::optional<TransportAddress> at) {
  const auto socket =
      std::ranges::find_if(to.sockets, [&](const auto& each) { return !at || each.second == *at; });
  if (socket != to.sockets.end()) give(to, socket->first, from, bytes);
}

void Wire::give(Peer& to, SocketId socket, const TransportAddress& from, Bytes bytes) {
  ByteVector buffer(datagram_headroom + bytes.size() + datagram_tailroom);
  std::ranges::copy(bytes, buffer.begin() + datagram_headroom);
  const auto received = to.agent.handle_datagram(
      now, socket, from, MutableBytes(buffer).subspan(datagram_headroom, bytes.size()));
  if (received) to.received.emplace_back(as_text(received->data));
  drain(to);
}

void Wire::send(Peer& from, const std::string& text, ComponentId component) {
  ByteVector buffer(datagram_headroom + text.size() + datagram_tailroom);
  std::ranges::copy(as_bytes(text), buffer.begin() + datagram_headroom);
  const auto ready =
      from.agent.send(now, component, MutableBytes(buffer).subspan(datagram_headroom, text.size()));
  REQUIRE(ready);
  carry(from, ready->from, ready->to, ready->datagram);
}

void Wire::carry(Peer& from, SocketId socket, const TransportAddress& to, Bytes bytes) {
  Datagram datagram{now + delay, from.sockets.at(socket), to, copy_of(bytes)};
  if (const auto other_end = from.other_ends.find(socket); other_end != from.other_ends.end())
    datagram.connection = other_end->second;
  if (!filter(datagram)) return;
  if (a.owns(datagram.to.ip) || b.owns(datagram.to.ip)) {
    in_flight_.push_back(std::move(datagram));
    return;
  }
  if (std::ranges::find(from.connections, socket, &OpenConnection::id) != from.connections.end())
    datagram.connection = socket;
  if (const auto answer = elsewhere ? elsewhere(datagram) : std::nullopt)
    in_flight_.push_back(
        {now + 2 * delay, datagram.to, datagram.from, *answer, datagram.connection});
}

void Wire::drain(Peer& peer) {
  for (bool more = true; more;) {
    more = false;
    while (const auto command = peer.agent.poll_command()) {
      more = true;
      if (const auto* open = std::get_if<OpenSocket>(&*command)) {
        const TransportAddress local{open->local.ip,
                                     static_cast<std::uint16_t>(5000 + open->id.value)};
        peer.sockets[open->id] = local;
        peer.agent.handle_socket_opened(now, open->id, local);
      } else if (const auto* connect = std::get_if<OpenConnection>(&*command)) {
        peer.connections.push_back(*connect);
        if (connection_hangs(*connect)) continue;
        TransportAddress local = connect->local;
        if (local.port == 0)
          local = {peer.ip, static_cast<std::uint16_t>(6000 + connect->id.value)};
        if (connections_work) peer.sockets[connect->id] = local;
        peer.agent.handle_socket_opened(now, connect->id,
                                        connections_work
                                            ? std::expected<TransportAddress, std::string>(local)
                                            : std::unexpected("refused"));
      } else if (const auto* listen = std::get_if<OpenListener>(&*command)) {
        const TransportAddress local{listen->local.ip,
                                     static_cast<std::uint16_t>(7000 + listen->id.value)};
        peer.sockets[listen->id] = local;
        peer.agent.handle_socket_opened(now, listen->id, local);
      } else if (const auto* stream = std::get_if<ConnectToPeer>(&*command)) {
        this->connect(peer, *stream);
      } else if (const auto* close = std::get_if<CloseSocket>(&*command)) {
        peer.closed.push_back(close->id);
        disconnect(peer, close->id);
        peer.sockets.erase(close->id);
      } else if (const auto* send_datagram = std::get_if<SendDatagram>(&*command)) {
        carry(peer, send_datagram->from, send_datagram->to, send_datagram->bytes);
      }
    }
    const auto event = peer.agent.poll_event();
    if (!event) continue;
    more = true;
    if (const auto* found = std::get_if<LocalCandidateFound>(&*event)) {
      peer.candidates.push_back(found->candidate);
      if (signalling) other(peer).agent.add_remote_candidate(now, found->candidate);
    } else if (std::holds_alternative<GatheringDone>(*event)) {
      peer.gathering_done = true;
      if (signalling) other(peer).agent.end_of_remote_candidates(now);
    } else if (const auto* changed = std::get_if<StateChanged>(&*event)) {
      peer.states.push_back(changed->state);
      peer.reason = changed->reason;
    } else if (const auto* selected = std::get_if<PairSelected>(&*event)) {
      peer.selected = *selected;
      peer.all_selected[selected->component] = *selected;
    } else if (const auto* failed = std::get_if<ServerFailed>(&*event)) {
      peer.failed_servers.push_back(*failed);
    } else if (const auto* path = std::get_if<PathHealthChanged>(&*event)) {
      peer.path_changes.push_back(*path);
    } else if (std::holds_alternative<RestartNeeded>(*event)) {
      ++peer.restarts_needed;
    }
  }
}

/// Takes no time, and the other side's listener accepts.
void Wire::connect(Peer& peer, const ConnectToPeer& wanted) {
  peer.streams.push_back(wanted);
  Peer& to = other(peer);
  const auto listener = std::ranges::find_if(
      to.sockets, [&](const auto& each) { return each.second == wanted.remote; });
  TransportAddress local = wanted.local;
  if (local.port == 0) local.port = static_cast<std::uint16_t>(8000 + wanted.id.value);
  const auto accepted = listener != to.sockets.end() && streams_work
                            ? to.agent.handle_accepted(now, listener->first, local)
                            : std::nullopt;
  if (!accepted && accepts_elsewhere && accepts_elsewhere(local, wanted.remote)) {
    peer.sockets[wanted.id] = local;
    return peer.agent.handle_socket_opened(now, wanted.id, local);
  }
  if (!accepted) return peer.agent.handle_socket_opened(now, wanted.id, std::unexpected("refused"));
  to.sockets[*accepted] = wanted.remote;
  peer.sockets[wanted.id] = local;
  to.other_ends[*accepted] = wanted.id;
  peer.other_ends[wanted.id] = *accepted;
  peer.agent.handle_socket_opened(now, wanted.id, local);
  drain(to);
}

void Wire::disconnect(Peer& peer, SocketId id) {
  const auto end = peer.other_ends.find(id);
  if (end == peer.other_ends.end()) return;
  Peer& to = other(peer);
  const SocketId theirs = end->second;
  peer.other_ends.erase(end);
  to.other_ends.erase(theirs);
  to.sockets.erase(theirs);
  to.agent.handle_disconnected(now, theirs, "closed");
  drain(to);
}

ByteVector binding_request(const CheckText& check, const stun::TransactionId& id) {
  ByteVector buffer(512);
  stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::binding, id);
  builder.add(stun::Username{check.username}).add(stun::PriorityAttribute{check.priority});
  if (check.controlling) builder.add(stun::IceControlling{*check.controlling});
  if (check.controlled) builder.add(stun::IceControlled{*check.controlled});
  if (check.use_candidate) builder.add(stun::UseCandidate{});
  if (check.integrity) builder.add_message_integrity(stun::short_term_key(check.password));
  builder.add_fingerprint();
  return copy_of(builder.finish());
}

}  // namespace stile::ice::test
