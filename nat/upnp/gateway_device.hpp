#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "nat/core/nat.hpp"
#include "nat/upnp/config.hpp"
#include "nat/upnp/http.hpp"
#include "nat/upnp/publisher.hpp"
#include "nat/upnp/soap.hpp"

namespace stile::nat::upnp {

/// The UPnP Internet Gateway Device of a NAT: IGD:2, which is IGD:1 to who asks for that. What
/// control points do becomes explicit mappings of the Nat, as RFC 6970 §5 translates it.
/// Limit: an inside endpoint has one external port.
class GatewayDevice {
 public:
  /// `nat` and `random` outlive this.
  GatewayDevice(Config config, Nat& nat, Random& random, Instant now)
      : config_(std::move(config)), nat_(nat), began_(now), publisher_(config_.networks, random) {}

  HttpResponse handle_request(Instant now, const IpAddress& client, const HttpRequest& request);
  const Config& config() const { return config_; }

  // Events, as Publisher has them.

  /// The Nat may be another one now, or the time that was asked for has come.
  void handle_timeout(Instant now);
  void handle_answer(Instant now, SubscriptionId subscription, unsigned status) {
    publisher_.handle_answer(now, subscription, status);
  }
  std::optional<Notification> poll_notification() { return publisher_.poll_notification(); }
  Instant poll_timeout() const { return publisher_.poll_timeout(); }
  const Publisher& publisher() const { return publisher_; }

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

  // events.cpp
  HttpResponse event_request(Instant now, const IpAddress& client, EventedService service,
                             const HttpRequest& request);
  Results evented_variables(EventedService service, const IpAddress& subscriber) const;

  // gateway_device.cpp: what the device says of itself
  Outcome<Results> get_external_address(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_status(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_connection_type(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_nat_status(const IpAddress& client, const Invocation& invocation);
  Outcome<Results> get_link_properties(const IpAddress& client, const Invocation& invocation);

  std::string external_address(const IpAddress& client) const;
  std::string connection_status() const;

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

  static constexpr const char* connection_type = "IP_Routed";
  static constexpr const char* link_status = "Up";
  static const NamedAction connection_actions[];
  static const NamedAction common_actions[];

  Config config_;
  Nat& nat_;
  Instant began_;
  Instant now_{};
  Publisher publisher_;
};

}  // namespace stile::nat::upnp
