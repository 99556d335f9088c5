#include "server/core/ip_fields.hpp"

namespace stile::relay {

IpFields fields_to_peer(const FiveTuple& client, const TransportAddress& peer,
                        std::uint8_t traffic_class, bool dont_fragment) {
  // RFC 8656 §15: Not-ECT, and the best effort of its alternate behavior, for the kernel does not
  // tell what DSCP a connection uses.
  if (is_stream(client.transport)) return {0, dont_fragment};
  // RFC 8656 §13: DONT-FRAGMENT does not count where IPv6 is on either side.
  const bool both_v4 = client.client.ip.is_v4() && peer.ip.is_v4();
  return {traffic_class, dont_fragment && both_v4};
}

}  // namespace stile::relay
