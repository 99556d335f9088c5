#include "server/core/impl.hpp"
#include "server/core/unknown_attributes.hpp"

namespace stile::relay {

// RFC 8656 §12.6; whatever is wrong is dropped in silence. A channel is never bound to a peer that
// the gate denies.
//
// Interop: RFC 8656 §9, §12: the permission that ChannelBind installs ends after 5 of the channel's
// 10 minutes. Clients that renew their channels alone would be cut off, so a channel admits its own
// peer as long as it lasts, both ways.
Outcome Relay::Impl::channel_data(const FiveTuple& five_tuple, Bytes datagram,
                                  std::uint8_t traffic_class) {
  const auto message = stun::ChannelData::parse(datagram);
  if (!message) {
    ++counters.not_understood;
    return Nothing{};
  }
  Allocation* const allocation = find(five_tuple);
  if (!allocation) {
    ++counters.no_allocation;
    return Nothing{};
  }
  if (allocation->mobility) data_has_come(five_tuple, *allocation);
  const ChannelBinding* const binding = allocation->channel(message->channel);
  if (!binding) {
    ++counters.no_channel;
    return Nothing{};
  }
  return to_peer(*allocation, binding->peer, message->data,
                 fields_to_peer(five_tuple, binding->peer, traffic_class, false));
}

// RFC 8656 §11.2; likewise in silence.
Outcome Relay::Impl::send_indication(const FiveTuple& five_tuple, const stun::MessageView& message,
                                     std::uint8_t traffic_class) {
  Allocation* const allocation = find(five_tuple);
  if (!allocation) {
    ++counters.no_allocation;
    return Nothing{};
  }
  if (allocation->protocol == RelayProtocol::tcp) {
    ++counters.unexpected_messages;
    return Nothing{};
  }
  if (allocation->mobility) data_has_come(five_tuple, *allocation);
  const auto peer = message.get<stun::XorPeerAddress>();
  const auto data = message.get<stun::DataAttribute>();
  if (!peer || !data || !unknown_required(message, Extension::none).empty()) {
    ++counters.not_understood;
    return Nothing{};
  }
  const bool permitted =
      allocation->permission(peer->address.ip) || allocation->channel(peer->address);
  if (!permitted || !gate.admits_endpoint(peer->address)) {
    ++counters.no_permission_to;
    return Nothing{};
  }
  const bool dont_fragment = message.has(stun::AttributeType::dont_fragment);
  return to_peer(*allocation, peer->address, data->bytes,
                 fields_to_peer(five_tuple, peer->address, traffic_class, dont_fragment));
}

Outcome Relay::Impl::to_peer(Allocation& allocation, const TransportAddress& peer, Bytes data,
                             IpFields fields) {
  if (!admit_datagram(allocation, Direction::to_peer, data.size())) return Nothing{};
  return ToPeer{allocation.of(peer.family())->socket, peer, data, fields};
}

}  // namespace stile::relay
