#include <algorithm>

#include "nat/upnp/gateway_device.hpp"

namespace stile::nat::upnp {

namespace {

constexpr MappingNonce no_nonce{};  // PCP's; UPnP has none
constexpr std::size_t longest_description = 128;

std::expected<Protocol, ErrorCode> read_protocol(const Invocation& invocation) {
  const auto text = invocation.text("NewProtocol");
  if (text == "UDP") return Protocol::udp;
  if (text == "TCP") return Protocol::tcp;
  return std::unexpected(ErrorCode::invalid_args);
}

bool is_host(const IpAddress& address) {
  return address.is_v4() && !address.is_unspecified() && !address.is_multicast() &&
         !address.is_loopback();
}

/// What a control point says of a mapping is shown to others; it is shown as plain text.
std::string plain(std::string text) {
  text.resize(std::min(text.size(), longest_description));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

ErrorCode code_of(ExplicitRefusal refusal) {
  switch (refusal) {
    case ExplicitRefusal::external_unavailable:
      return ErrorCode::conflict_in_mapping_entry;
    case ExplicitRefusal::resources:
    case ExplicitRefusal::quota:
      return ErrorCode::no_port_maps_available;
    case ExplicitRefusal::too_many_filters:
      return ErrorCode::action_failed;
  }
  return ErrorCode::action_failed;
}

}  // namespace

/// The arguments that AddPortMapping and AddAnyPortMapping have in common.
GatewayDevice::Outcome<GatewayDevice::Wanted> GatewayDevice::read_wanted(
    const IpAddress& client, const Invocation& invocation) const {
  const auto protocol = read_protocol(invocation);
  const auto external_port = invocation.port("NewExternalPort");
  const auto internal_port = invocation.port("NewInternalPort");
  const auto inside_text = invocation.text("NewInternalClient");
  const auto remote_text = invocation.text("NewRemoteHost");
  const auto lease = invocation.number("NewLeaseDuration");
  const auto enabled = invocation.text("NewEnabled");
  if (!protocol || !external_port || !internal_port || !inside_text || !lease || !enabled)
    return std::unexpected(ErrorCode::invalid_args);
  const auto inside = IpAddress::parse(*inside_text);
  if (!inside || !is_host(*inside)) return std::unexpected(ErrorCode::invalid_args);
  if (config_.own_address_only && *inside != client)
    return std::unexpected(ErrorCode::not_authorized);
  if (*internal_port == 0) return std::unexpected(ErrorCode::wildcard_in_internal_port);
  // A mapping that is there but does nothing is not offered.
  if (*enabled == "0") return std::unexpected(ErrorCode::action_failed);

  Wanted wanted;
  wanted.external_port = *external_port;
  MapRequest& request = wanted.request;
  request.protocol = *protocol;
  request.inside = {*inside, *internal_port};
  request.suggested.port = *external_port;
  const Duration asked = std::chrono::seconds(*lease);
  request.terms.until =
      now_ + (*lease == 0 ? config_.max_lease : std::min(asked, config_.max_lease));
  request.terms.description = plain(invocation.text("NewPortMappingDescription").value_or(""));
  if (!remote_text || remote_text->empty()) return wanted;
  const auto remote = IpAddress::parse(*remote_text);
  if (!remote || !remote->is_v4()) return std::unexpected(ErrorCode::remote_host_only_wildcard);
  if (!remote->is_unspecified()) request.terms.filters = {{IpPrefix(*remote, 32), 0}};
  return wanted;
}

/// RFC 6970 §5.7: the port that was asked for, or none.
GatewayDevice::Outcome<Results> GatewayDevice::add_port_mapping(const IpAddress& client,
                                                                const Invocation& invocation) {
  auto wanted = read_wanted(client, invocation);
  if (!wanted) return std::unexpected(wanted.error());
  if (wanted->external_port == 0) return std::unexpected(ErrorCode::wildcard_in_external_port);
  wanted->request.exactly = true;
  const auto mapped = map(wanted->request);
  if (!mapped) return std::unexpected(mapped.error());
  return Results{};
}

/// RFC 6970 §5.8.
GatewayDevice::Outcome<Results> GatewayDevice::add_any_port_mapping(const IpAddress& client,
                                                                    const Invocation& invocation) {
  const auto wanted = read_wanted(client, invocation);
  if (!wanted) return std::unexpected(wanted.error());
  const auto mapped = map(wanted->request);
  if (!mapped) return std::unexpected(mapped.error());
  return Results{{"NewReservedPort", std::to_string(mapped->info.external.port)}};
}

GatewayDevice::Outcome<RequestedMapping> GatewayDevice::map(const MapRequest& request) {
  if (nat_.config().external.empty()) return std::unexpected(ErrorCode::action_failed);
  for (const StaticAddress& own : nat_.config().static_addresses)
    if (own.inside == request.inside.ip)
      return std::unexpected(ErrorCode::conflict_with_other_mechanisms);
  const auto there = nat_.mapping_of_inside(request.protocol, request.inside);
  if (there && (there->info.is_forward || there->terms.nonce != no_nonce))
    return std::unexpected(ErrorCode::conflict_with_other_mechanisms);
  const auto mapped = nat_.map(now_, request);
  if (!mapped) return std::unexpected(code_of(mapped.error()));
  return *mapped;
}

/// The explicit mapping that an external port and a protocol name.
GatewayDevice::Outcome<RequestedMapping> GatewayDevice::named(const IpAddress& client,
                                                              const Invocation& invocation) const {
  const auto protocol = read_protocol(invocation);
  const auto port = invocation.port("NewExternalPort");
  if (!protocol || !port) return std::unexpected(ErrorCode::invalid_args);
  const auto external = nat_.external_of(client);
  const auto mapping =
      external ? nat_.mapping_of_external(*protocol, {*external, *port}) : std::nullopt;
  if (!mapping || !mapping->info.is_explicit) return std::unexpected(ErrorCode::no_such_entry);
  return *mapping;
}

GatewayDevice::Outcome<Results> GatewayDevice::delete_port_mapping(const IpAddress& client,
                                                                   const Invocation& invocation) {
  const auto mapping = named(client, invocation);
  if (!mapping) return std::unexpected(mapping.error());
  const bool is_own = mapping->info.inside.ip == client;
  if ((config_.own_address_only && !is_own) || mapping->terms.nonce != no_nonce)
    return std::unexpected(ErrorCode::not_authorized);
  nat_.unmap(now_, mapping->info.protocol, mapping->info.inside);
  return Results{};
}

GatewayDevice::Outcome<Results> GatewayDevice::get_generic_entry(const IpAddress&,
                                                                 const Invocation& invocation) {
  const auto index = invocation.number("NewPortMappingIndex");
  if (!index) return std::unexpected(index.error());
  std::uint32_t at = 0;
  std::optional<RequestedMapping> found;
  nat_.for_each_explicit([&](const RequestedMapping& mapping) {
    if (at++ == *index) found = mapping;
  });
  if (!found) return std::unexpected(ErrorCode::array_index_invalid);
  Results results = describe(*found);
  const auto& filters = found->terms.filters;
  const Results name{
      {"NewRemoteHost", filters.empty() ? "" : filters.front().prefix.address().to_string()},
      {"NewExternalPort", std::to_string(found->info.external.port)},
      {"NewProtocol", found->info.protocol == Protocol::tcp ? "TCP" : "UDP"}};
  results.insert(results.begin(), name.begin(), name.end());
  return results;
}

GatewayDevice::Outcome<Results> GatewayDevice::get_specific_entry(const IpAddress& client,
                                                                  const Invocation& invocation) {
  const auto mapping = named(client, invocation);
  if (!mapping) return std::unexpected(mapping.error());
  return describe(*mapping);
}

Results GatewayDevice::describe(const RequestedMapping& mapping) const {
  const auto left = std::chrono::ceil<std::chrono::seconds>(mapping.terms.until - now_);
  return {{"NewInternalPort", std::to_string(mapping.info.inside.port)},
          {"NewInternalClient", mapping.info.inside.ip.to_string()},
          {"NewEnabled", "1"},
          {"NewPortMappingDescription", mapping.terms.description},
          {"NewLeaseDuration", std::to_string(left.count())}};
}

}  // namespace stile::nat::upnp
