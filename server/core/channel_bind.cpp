#include "server/core/impl.hpp"

namespace stile::relay {

using stun::ErrorNumber;

// RFC 8656 §12.2.
Outcome Relay::Impl::channel_bind(const Request& request) {
  const auto id = allocation_of(request);
  if (!id) return refuse(request, id.error());
  const auto channel = request.message.get<stun::ChannelNumberAttribute>();
  const auto peer = request.message.get<stun::XorPeerAddress>();
  if (!channel || !peer) return refuse(request, ErrorNumber::bad_request);
  const stun::ChannelNumber number{channel->number};
  const TransportAddress address = peer->address;

  Allocation& allocation = *allocations.find(*id);
  // RFC 6062 §3: a control connection carries no application data, so there are no channels.
  if (allocation.protocol == RelayProtocol::tcp) return refuse(request, ErrorNumber::bad_request);
  const ChannelBinding* const by_number = allocation.channel(number);
  const ChannelBinding* const by_peer = allocation.channel(address);
  if (!may_be_bound(number) || by_number != by_peer)
    return refuse(request, ErrorNumber::bad_request);
  if (!allocation.of(address.family()))
    return refuse(request, ErrorNumber::peer_address_family_mismatch);
  if (!gate.admits(address)) return refuse(request, ErrorNumber::forbidden);
  const bool full = !by_number && allocation.channels.size() >= config->channels_per_allocation;
  if (full || !has_room_for(allocation, {address.ip}))
    return refuse(request, ErrorNumber::insufficient_capacity);

  bind_channel(*id, number, address);
  permit(*id, address.ip);
  Response response = success(request);
  return send(request, response);
}

// Interop: RFC 8656 §12: numbers up to 0x7FFF were channels in RFC 5766 and its clients (coturn's
// among them) draw from all of these. On a port that carries only STUN, ChannelData and DTLS they
// collide with nothing.
bool Relay::Impl::may_be_bound(stun::ChannelNumber number) const {
  return number.valid() || (config->rfc5766_channels && number.framed());
}

void Relay::Impl::bind_channel(AllocationId id, stun::ChannelNumber number,
                               const TransportAddress& peer) {
  Allocation& allocation = *allocations.find(id);
  const Instant expires = now + config->channel_lifetime;
  if (ChannelBinding* const binding = allocation.channel(number)) {
    binding->expires = expires;
  } else {
    allocation.channels.push_back({number, peer, expires});
    bind_flow(allocation, allocation.channels.back());
  }
  alarms.set(id, expires);
}

}  // namespace stile::relay
