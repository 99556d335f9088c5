#include "nat/ipv6/error_rate.hpp"

#include "nat/ipv6/icmp_translation.hpp"
#include "nat/packet/ipv6.hpp"

namespace stile::nat {

bool may_be_answered(Bytes bytes) {
  const auto packet = Ipv6View::parse_quoted(bytes);
  if (!packet || packet->source().is_multicast() || packet->source().is_unspecified() ||
      packet->destination().is_multicast())
    return false;
  const auto payload = find_payload(*packet);
  if (!payload || payload->protocol != ipv6_header::icmpv6) return true;
  return payload->is_first() && payload->at < bytes.size() && !is_icmpv6_error(bytes[payload->at]);
}

}  // namespace stile::nat
