#include "nat/upnp/gateway_device.hpp"

#include <algorithm>
#include <iterator>

#include "nat/upnp/device.hpp"

namespace stile::nat::upnp {

const GatewayDevice::NamedAction GatewayDevice::connection_actions[] = {
    {"GetExternalIPAddress", &GatewayDevice::get_external_address},
    {"GetStatusInfo", &GatewayDevice::get_status},
    {"GetConnectionTypeInfo", &GatewayDevice::get_connection_type},
    {"GetNATRSIPStatus", &GatewayDevice::get_nat_status},
    {"AddPortMapping", &GatewayDevice::add_port_mapping},
    {"AddAnyPortMapping", &GatewayDevice::add_any_port_mapping, 2},
    {"DeletePortMapping", &GatewayDevice::delete_port_mapping},
    {"GetGenericPortMappingEntry", &GatewayDevice::get_generic_entry},
    {"GetSpecificPortMappingEntry", &GatewayDevice::get_specific_entry},
};
const GatewayDevice::NamedAction GatewayDevice::common_actions[] = {
    {"GetCommonLinkProperties", &GatewayDevice::get_link_properties},
};

HttpResponse GatewayDevice::handle_request(Instant now, const IpAddress& client,
                                           const HttpRequest& request) {
  constexpr unsigned not_found = 404;
  constexpr unsigned method_not_allowed = 405;
  now_ = std::max(now_, now);
  if (request.path == connection_event_path)
    return event_request(now, client, EventedService::connection, request);
  if (request.path == common_event_path)
    return event_request(now, client, EventedService::common, request);
  const bool is_control =
      request.path == connection_control_path || request.path == common_control_path;
  if (is_control && request.method == "POST") return control(client, request.path, request.body);
  auto text = document(config_, request.path);
  if (!text && !is_control) return {not_found, {}};
  if (!text || request.method != "GET") return {method_not_allowed, {}};
  return {200, std::move(*text)};
}

/// UPnP Device Architecture 1.1 §3.2: a fault comes with status 500.
HttpResponse GatewayDevice::control(const IpAddress& client, std::string_view path,
                                    std::string_view body) {
  constexpr unsigned bad_request = 400;
  constexpr unsigned internal_error = 500;
  const auto invocation = Invocation::parse(body);
  if (!invocation) return {bad_request, {}};
  const auto results = invoke(client, path, *invocation);
  if (!results) return {internal_error, describe_fault(results.error())};
  return {200, describe_results(*invocation, *results)};
}

GatewayDevice::Outcome<Results> GatewayDevice::invoke(const IpAddress& client,
                                                      std::string_view path,
                                                      const Invocation& invocation) {
  const bool is_connection = path == connection_control_path;
  const Target& service = is_connection ? targets[4] : targets[2];
  const std::string& urn = invocation.service();
  if (!urn.starts_with(service.type)) return std::unexpected(ErrorCode::invalid_action);
  const unsigned version = urn.substr(service.type.size()) == "1" ? 1 : service.version;
  const NamedAction* const begin =
      is_connection ? std::begin(connection_actions) : std::begin(common_actions);
  const NamedAction* const end =
      is_connection ? std::end(connection_actions) : std::end(common_actions);
  const auto found = std::ranges::find(begin, end, invocation.action(), &NamedAction::name);
  if (found == end || found->since > version) return std::unexpected(ErrorCode::invalid_action);
  return (this->*found->act)(client, invocation);
}

GatewayDevice::Outcome<Results> GatewayDevice::get_external_address(const IpAddress& client,
                                                                    const Invocation&) {
  return Results{{"NewExternalIPAddress", external_address(client)}};
}

GatewayDevice::Outcome<Results> GatewayDevice::get_status(const IpAddress&, const Invocation&) {
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now_ - began_);
  return Results{{"NewConnectionStatus", connection_status()},
                 {"NewLastConnectionError", "ERROR_NONE"},
                 {"NewUptime", std::to_string(uptime.count())}};
}

/// Hosts may have different ones.
std::string GatewayDevice::external_address(const IpAddress& client) const {
  const auto external = nat_.external_of(client);
  return external ? external->to_string() : "";
}

std::string GatewayDevice::connection_status() const {
  return nat_.config().external.empty() ? "Disconnected" : "Connected";
}

GatewayDevice::Outcome<Results> GatewayDevice::get_connection_type(const IpAddress&,
                                                                   const Invocation&) {
  return Results{{"NewConnectionType", connection_type},
                 {"NewPossibleConnectionTypes", connection_type}};
}

GatewayDevice::Outcome<Results> GatewayDevice::get_nat_status(const IpAddress&, const Invocation&) {
  return Results{{"NewRSIPAvailable", "0"}, {"NewNATEnabled", "1"}};
}

GatewayDevice::Outcome<Results> GatewayDevice::get_link_properties(const IpAddress&,
                                                                   const Invocation&) {
  return Results{{"NewWANAccessType", "Ethernet"},
                 {"NewLayer1UpstreamMaxBitRate", "0"},
                 {"NewLayer1DownstreamMaxBitRate", "0"},
                 {"NewPhysicalLinkStatus", link_status}};
}

}  // namespace stile::nat::upnp
