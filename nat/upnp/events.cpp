#include <algorithm>
#include <limits>

#include "nat/upnp/gateway_device.hpp"

namespace stile::nat::upnp {

HttpResponse GatewayDevice::event_request(Instant now, const IpAddress& client,
                                          EventedService service, const HttpRequest& request) {
  constexpr unsigned method_not_allowed = 405;
  if (request.method == "SUBSCRIBE")
    return publisher_.handle_subscribe(now, client, service, request.subscription);
  if (request.method == "UNSUBSCRIBE")
    return publisher_.handle_unsubscribe(now, client, service, request.subscription);
  return {method_not_allowed, {}};
}

void GatewayDevice::handle_timeout(Instant now) {
  publisher_.handle_timeout(now, [this](EventedService service, const IpAddress& subscriber) {
    return evented_variables(service, subscriber);
  });
}

/// Those for which the services' descriptions have sendEvents="yes".
Results GatewayDevice::evented_variables(EventedService service,
                                         const IpAddress& subscriber) const {
  if (service == EventedService::common) return {{"PhysicalLinkStatus", link_status}};
  constexpr std::size_t most = std::numeric_limits<std::uint16_t>::max();
  return {{"PossibleConnectionTypes", connection_type},
          {"ConnectionStatus", connection_status()},
          {"ExternalIPAddress", external_address(subscriber)},
          {"PortMappingNumberOfEntries", std::to_string(std::min(nat_.explicit_count(), most))}};
}

}  // namespace stile::nat::upnp
