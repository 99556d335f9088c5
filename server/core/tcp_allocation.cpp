#include "server/core/impl.hpp"

namespace stile::relay {

using stun::AttributeType;
using stun::ErrorNumber;

// RFC 6062 §5.1; what it does not say is as for UDP.
std::optional<ErrorNumber> Relay::Impl::objection_to_tcp(const Request& request) const {
  if (!config->tcp_relay) return ErrorNumber::unsupported_transport_protocol;
  if (!is_stream(request.asked.five_tuple.transport)) return ErrorNumber::bad_request;
  for (const AttributeType udp_only :
       {AttributeType::dont_fragment, AttributeType::even_port, AttributeType::reservation_token})
    if (request.message.has(udp_only)) return ErrorNumber::bad_request;
  return std::nullopt;
}

}  // namespace stile::relay
