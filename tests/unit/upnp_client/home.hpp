#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <functional>

#include "nat/portmap/server.hpp"
#include "nat/upnp/discovery.hpp"
#include "nat/upnp/gateway_device.hpp"
#include "stile/portmap/router_mapping.hpp"

namespace stile::portmap::test {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline const IpAddress router_ip = IpAddress::v4(192, 168, 1, 1);
inline const IpAddress external_ip = IpAddress::v4(203, 0, 113, 1);
inline const TransportAddress router{router_ip, server_port};
inline const TransportAddress host{IpAddress::v4(192, 168, 1, 2), 4000};

/// A host that wants a mapping, and its router: a NAT whose gateway device is asked without a
/// network. What is exchanged takes no time.
struct Home {
  explicit Home(bool has_upnp = true, std::optional<nat::portmap::Config> other_ways = {})
      : nat(nat_config(), random), mapping({.router = router, .internal = host}, random) {
    if (has_upnp)
      device.emplace(nat::upnp::Config{.http = {router_ip, 5000},
                                       .uuid = "12345678-1234-1234-1234-123456789abc"},
                     nat, random, now);
    if (other_ways) server.emplace(*other_ways, nat, now);
  }
  static nat::Config nat_config() {
    nat::Config config;
    config.external = {external_ip};
    config.inside_address = router_ip;
    return config;
  }

  void request() {
    mapping.request(now);
    drain();
  }
  void drain() {
    for (bool more = true; more;) {
      more = false;
      while (const auto transmit = mapping.poll_transmit()) {
        more = true;
        carry(*transmit);
      }
      while (const auto asked = mapping.poll_request()) {
        more = true;
        asked_.push_back(*asked);
        mapping.handle_answer(now, answer ? answer(*asked) : device_answer(*asked));
      }
      while (const auto event = mapping.poll_event()) {
        if (const auto* mapped = std::get_if<Mapped>(&*event))
          externals.push_back(mapped->external);
        if (const auto* lost = std::get_if<Lost>(&*event)) reasons.push_back(lost->reason);
      }
    }
  }
  void carry(const RouterMapping::Transmit& transmit) {
    if (transmit.to == ssdp_group) {
      ++searches;
      for (const std::string& text : search_answers(as_text(transmit.bytes))) hear(text);
    } else if (server) {
      if (const auto reply = server->handle_datagram(now, host, transmit.bytes))
        mapping.handle_datagram(now, router, *reply);
    }
  }
  std::vector<std::string> search_answers(std::string_view search) const {
    if (!device) return {};
    return nat::upnp::answers_to_search(device->config(), search);
  }
  /// From the router's address, and another port than the one searched at.
  void hear(const std::string& text) {
    const TransportAddress from{router_ip, 40000};
    if (mapping.expects(from, as_bytes(text))) mapping.handle_datagram(now, from, as_bytes(text));
  }
  HttpOutcome device_answer(const HttpRequest& asked) {
    if (!device || asked.server != device->config().http) return std::unexpected("refused");
    const auto response = device->handle_request(
        now, host.ip, {asked.soap_action.empty() ? "GET" : "POST", asked.path, asked.body});
    return HttpAnswer{response.status, response.body};
  }
  void run_until(Instant end) {
    while (mapping.poll_timeout() <= end) {
      now = mapping.poll_timeout();
      nat.handle_timeout(now);
      mapping.handle_timeout(now);
      drain();
    }
    now = end;
    nat.handle_timeout(now);
  }
  bool is_mapped() { return nat.mapping_of_inside(nat::Protocol::udp, host).has_value(); }
  std::size_t count_asked(std::string_view action) const {
    return static_cast<std::size_t>(std::ranges::count_if(asked_, [&](const HttpRequest& each) {
      return each.soap_action.ends_with("#" + std::string(action) + "\"");
    }));
  }

  SeededRandom random{1};
  Instant now{seconds(100)};
  nat::Nat nat;
  std::optional<nat::upnp::GatewayDevice> device;
  std::optional<nat::portmap::Server> server;
  RouterMapping mapping;
  std::function<HttpOutcome(const HttpRequest&)> answer;  ///< in place of the device's
  int searches = 0;
  std::vector<HttpRequest> asked_;
  std::vector<TransportAddress> externals;
  std::vector<std::string> reasons;
};

}  // namespace stile::portmap::test
