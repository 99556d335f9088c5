#pragma once

#include <cstdint>
#include <utility>

#include "server/fastpath/flow_entry.h"
#include "stile/base/address.hpp"
#include "stile/stun/channel_data.hpp"

namespace stile::server {

/// A bound channel (RFC 8656 §12) of a client over UDP, whose datagrams the kernel may relay.
struct Flow {
  TransportAddress client;
  TransportAddress server;  ///< the listener that the client talks to
  TransportAddress relayed;
  TransportAddress peer;
  stun::ChannelNumber channel;

  /// Limit: between IPv4 and IPv6 the server relays.
  bool has_one_family() const { return client.family() == peer.family(); }
};

/// How a datagram of the server's gets to its destination.
struct Route {
  std::uint32_t interface = 0;
  std::uint16_t mtu = 0;  ///< of the interface
  std::uint8_t hop_limit = 0;
};

struct FlowEntry {
  flow_key key;
  flow_entry entry;
};
listener_key listener_key_of(const TransportAddress& listener);
flow_key key_to_peer(const Flow& flow);
flow_key key_from_peer(const Flow& flow);
/// What the kernel is to do with the client's ChannelData, and with the peer's datagrams. What does
/// not come by the interface that answers leave by is the kernel's to judge (RFC 3704 §2.2).
FlowEntry entry_to_peer(const Flow& flow, const Route& to_client, const Route& to_peer,
                        std::uint32_t generation);
FlowEntry entry_from_peer(const Flow& flow, const Route& to_client, const Route& to_peer,
                          std::uint32_t generation);

}  // namespace stile::server
