#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {

/// RFC 7983 §7: STUN begins with 0 to 3. An application's datagram that begins so and lacks the
/// cookie is its own.
bool is_stun(Bytes datagram) {
  return stun::looks_like_stun(datagram);
}

}  // namespace

std::optional<Received> Agent::Impl::take_datagram(Instant now, std::size_t socket,
                                                   const TransportAddress& from,
                                                   MutableBytes datagram) {
  const Base direct{socket, {}};
  if (RelayedConnection* relayed = relayed_connection_on(socket)) {
    if (!relayed->binding)
      return take_payload(now, direct, TransportAddress(relayed->peer), datagram);
    take_binding_answer(*relayed, datagram);
    return std::nullopt;
  }
  if (sockets[socket].kind == Socket::Kind::stun_connection) {
    take_stun_answer(now, socket, from, datagram);
    return std::nullopt;
  }
  if (!port_mappings.empty() && take_router_answer(now, socket, from, datagram))
    return std::nullopt;
  const auto relay = relay_at(socket, from);
  if (!relay && sockets[socket].kind == Socket::Kind::server_connection) return std::nullopt;
  if (!relay) return take_payload(now, direct, from, datagram);

  // A TURN server may be asked as a STUN server, too: what answers a Binding request is not the
  // TURN client's.
  const auto message = stun::MessageView::parse(datagram);
  if (message && message->method() == stun::Method::binding) {
    take_message(now, direct, from, *message);
    return std::nullopt;
  }
  const auto received = relays[*relay]->client.handle_server_datagram(now, datagram);
  drain_relay(now, *relay);
  if (!received) return std::nullopt;
  return take_payload(now, {socket, relay}, received->peer, received->data);
}

std::optional<Received> Agent::Impl::take_payload(Instant now, const Base& base,
                                                  const TransportAddress& from, Bytes payload) {
  if (is_stun(payload)) {
    if (const auto message = stun::MessageView::parse(payload))
      take_message(now, base, from, *message);
    else
      ++counters.malformed;
    return std::nullopt;
  }
  if (CandidatePair* pair = pair_from(base, from)) {
    ++pair->packets_received;
    heard_on(now, *pair);
    pair->bytes_received += payload.size();
  } else if (!is_former_source(base, from)) {
    ++counters.data_from_strangers;
    return std::nullopt;
  }
  return Received{component_of(base), payload};
}

void Agent::Impl::take_message(Instant now, const Base& base, const TransportAddress& from,
                               const stun::MessageView& message) {
  if (message.method() != stun::Method::binding || state == State::closed) return;
  switch (message.message_class()) {
    case stun::Class::request:
      return take_request(now, base, from, message);
    case stun::Class::indication:
      return;  // a keepalive (RFC 8445 §11)
    case stun::Class::success_response:
    case stun::Class::error_response:
      break;
  }
  if (!base.relay && take_server_response(now, base.socket, from, message)) return;
  take_response(now, base, from, message);
}

/// Data is taken from the addresses that pairs on this base have, and from where it came before a
/// restart.
CandidatePair* Agent::Impl::pair_from(const Base& base, const TransportAddress& from) {
  const auto found = std::ranges::find_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return remotes[pair.remote].address == from && base_of(pair) == base;
  });
  return found == checklists.pairs().end() ? nullptr : &*found;
}

bool Agent::Impl::is_former_source(const Base& base, const TransportAddress& from) const {
  return std::ranges::any_of(components, [&](const Component& each) {
    return each.former && each.former->remote == from && each.former->base == base;
  });
}

/// The selected pair, or before there is one the best that works; there is nothing to wait for (RFC
/// 8445 §12.1). A lite agent sends only when each component of the stream has its pair (§12.1.1).
std::optional<PairId> Agent::Impl::path_of(const Component& owner) const {
  const auto index = static_cast<std::size_t>(&owner - components.data());
  const auto stream = component_at(index).stream;
  for (std::size_t i = 0; config.lite && i < components.size(); ++i)
    if (component_at(i).stream == stream && !components[i].selected) return std::nullopt;
  return owner.selected ? owner.selected : owner.usable;
}

std::expected<Transmit, SendError> Agent::Impl::transmit(Instant now, ComponentId id,
                                                         MutableBytes data) {
  if (state == State::closed) return std::unexpected(SendError::closed);
  if (!has(id)) return std::unexpected(SendError::no_path);
  Component& owner = component(id);
  const auto path = path_of(owner);
  CandidatePair* pair = path ? checklists.find(*path) : nullptr;
  const bool goes_by_former = owner.former && !owner.selected;
  if (!pair && !goes_by_former) return std::unexpected(SendError::no_path);
  const Consent& consent = goes_by_former ? owner.former->consent : owner.consent;
  if (state == State::failed || now >= consent.until) return std::unexpected(SendError::no_consent);

  const Base base = goes_by_former ? owner.former->base : base_of(*pair);
  const TransportAddress& to =
      goes_by_former ? owner.former->remote : remotes[pair->remote].address;
  const SocketId socket = sockets[base.socket].id;
  if (!goes_by_former) {
    // A path that is sent on and silent is asked whether it is alive.
    if (owner.selected && !owner.doubted_since &&
        now - owner.last_heard > config.path_patience / 2 && watches_paths())
      owner.consent.next_check = wake_at = now;
    ++pair->packets_sent;
    pair->bytes_sent += data.size();
  }
  if (!base.relay) return Transmit{socket, to, data};
  turn::Client& client = relays[*base.relay]->client;
  const Bytes wrapped = client.wrap(to, data);
  if (wrapped.empty()) return std::unexpected(SendError::no_path);
  return Transmit{socket, client.server(), wrapped};
}

}  // namespace stile::ice
