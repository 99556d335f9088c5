#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "nat/core/nat.hpp"
#include "nat/upnp/config.hpp"
#include "nat/upnp/soap.hpp"

namespace stile::nat::upnp {

struct HttpRequest {
  std::string_view method;
  std::string_view path;
  std::string_view body;
};
struct HttpResponse {
  unsigned status = 200;
  std::string body;  ///< XML, or nothing
};

/// The UPnP Internet Gateway Device of a NAT: IGD:2, which is IGD:1 to who asks for that. What
/// control points do becomes explicit mappings of the Nat, as RFC 6970 §5 translates it.
/// Limit: no events (GENA), and an inside endpoint has one external port.
class GatewayDevice {
 public:
  /// `nat` outlives this.
  GatewayDevice(Config config, Nat& nat, Instant now)
      : config_(std::move(config)), nat_(nat), began_(now) {}

  HttpResponse handle_request(Instant now, const IpAddress& client, const HttpRequest& request);
  const Config& config() const { return config_; }

 private:
  template <class Value>
  using Outcome = std::expected<Value, ErrorCode>;
  using Action = Outcome<Results> (GatewayDevice::*)(const IpAddress& client,
                                                     const Invocation& invocation);
  struct NamedAction {
    std::string_view name;
    Action act;
    unsigned since = 1;  ///< the first version of the service that has it
  };
  struct Wanted {
    MapRequest request;
    std::uint16_t external_port = 0;
  };

  HttpResponse control(const IpAddress& client, std::string_view path, std::string_view body);
  Outcome<Results> invoke(const IpAddress& client, std::string_view path,
                          const Invocation& invocation);

  // gateway_device.cpp: what the device says of itself
  Outcome<Results> get_external_address(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_status(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_connection_type(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_nat_status(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_link_properties(const IpAddress& client, const Invocation& invocation);

  // port_mappings.cpp
  Outcome<Results> add_port_mapping(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> add_any_port_mapping(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> delete_port_mapping(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_generic_entry(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_specific_entry(const IpAddress& client, const Invocation& invocation);
  Outcome<Wanted> read_wanted(const IpAddress& client, const Invocation& invocation) const;
  Outcome<RequestedMapping> map(const MapRequest& request);
  Outcome<RequestedMapping> named(const IpAddress& client, const Invocation& invocation) const;
  Results describe(const RequestedMapping& mapping) const;

  static const NamedAction connection_actions[];
  static const NamedAction common_actions[];

  Config config_;
  Nat& nat_;
  Instant began_;
  Instant now_{};
};

}  // namespace stile::nat::upnp
