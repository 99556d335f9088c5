#pragma once

#include "stile/base/address.hpp"

namespace stile::relay {

/// The fields of an IP header that are passed on with relayed data (RFC 8656 §13-§16).
///
/// Limit: RFC 8656 §13, §14: where a program can neither see nor set a field the alternate behavior
/// holds: TTL and hop limit are the system's, fragments are assembled, and the DF bit of what comes
/// in is taken for 0.
struct IpFields {
  std::uint8_t traffic_class = 0;  ///< DSCP and ECN; IPv4 calls them type of service
  bool dont_fragment = false;
  friend bool operator==(IpFields, IpFields) = default;
};

/// Those of the datagram that a Send indication or ChannelData becomes. `traffic_class`: what it
/// came with. `dont_fragment`: whether the client asks for that.
IpFields fields_to_peer(const FiveTuple& client, const TransportAddress& peer,
                        std::uint8_t traffic_class, bool dont_fragment);

}  // namespace stile::relay
