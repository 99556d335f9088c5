#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {

/// RFC 7983 §7: STUN begins with 0 to 3. An application's datagram that begins so and lacks the cookie is its own.
bool is_stun(Bytes datagram) { return stun::looks_like_stun(datagram); }

}  // namespace

std::optional<Received> Agent::Impl::take_datagram(Instant now, std::size_t socket, const TransportAddress& from,
                                                   MutableBytes datagram) {
  const Base direct{socket, {}};
  const auto relay = relay_at(socket, from);
  if (!relay) return take_payload(now, direct, from, datagram);

  // A TURN server may be asked as a STUN server, too: what answers a Binding request is not the TURN client's.
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

std::optional<Received> Agent::Impl::take_payload(Instant now, const Base& base, const TransportAddress& from,
                                                  Bytes payload) {
  if (is_stun(payload)) {
    if (const auto message = stun::MessageView::parse(payload)) take_message(now, base, from, *message);
    else ++counters.malformed;
    return std::nullopt;
  }
  if (!is_known_source(base, from)) {
    ++counters.data_from_strangers;
    return std::nullopt;
  }
  return Received{component_of(base), payload};
}

void Agent::Impl::take_message(Instant now, const Base& base, const TransportAddress& from,
                               const stun::MessageView& message) {
  if (message.method() != stun::Method::binding || state == State::closed) return;
  switch (message.message_class()) {
    case stun::Class::request: return take_request(now, base, from, message);
    case stun::Class::indication: return;  // a keepalive (RFC 8445 §11)
    case stun::Class::success_response:
    case stun::Class::error_response: break;
  }
  if (!base.relay && take_server_response(now, base.socket, from, message)) return;
  take_response(now, base, from, message);
}

/// Data is taken from the addresses that pairs on this base have.
bool Agent::Impl::is_known_source(const Base& base, const TransportAddress& from) const {
  return std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
    return remotes[pair.remote].address == from && locals[pair.local].base == base;
  });
}

std::expected<Transmit, SendError> Agent::Impl::transmit(Instant now, ComponentId id, MutableBytes data) {
  if (state == State::closed) return std::unexpected(SendError::closed);
  if (!has(id)) return std::unexpected(SendError::no_path);
  const Component& owner = component(id);
  const auto path = owner.selected ? owner.selected : owner.usable;
  const CandidatePair* pair = path ? checklists.find(*path) : nullptr;
  if (!pair) return std::unexpected(SendError::no_path);
  if (state == State::failed || now >= owner.consent_until) return std::unexpected(SendError::no_consent);

  const Base& base = locals[pair->local].base;
  const TransportAddress& to = remotes[pair->remote].address;
  const SocketId socket = sockets[base.socket].id;
  if (!base.relay) return Transmit{socket, to, data};
  turn::Client& client = relays[*base.relay]->client;
  const Bytes wrapped = client.wrap(to, data);
  if (wrapped.empty()) return std::unexpected(SendError::no_path);
  return Transmit{socket, client.server(), wrapped};
}

}  // namespace stile::ice
