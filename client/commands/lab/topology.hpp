#pragma once

#include <memory>
#include <vector>

#include "client/commands/lab/network_namespace.hpp"
#include "client/commands/lab/process.hpp"
#include "client/commands/lab/scenario.hpp"

namespace stile::lab {

/// The lab's network: a public segment 203.0.113.0/24 with the server (.10 and .11), two homes,
/// each behind its gateway
/// (.101, .102; home networks 192.168.1.0/24 and 192.168.2.0/24) or on the segment itself, and
/// optionally a carrier's NAT (203.0.113.50) with 100.64.0.0/10 inside, to which both gateways then
/// connect.
///
///      peer a -- gateway a --+                        +-- gateway b -- peer b
///                            +-- [carrier] -- public --+   (with a carrier, both gateways hang on
///                            it)
///                                              server
class Topology {
 public:
  explicit Topology(const Scenario& scenario);

  const NetworkNamespace& peer_a() const { return *peers_[0]; }
  const NetworkNamespace& peer_b() const { return *peers_[1]; }
  static constexpr const char* server_address = "203.0.113.10";
  static constexpr const char* server_port = "3478";

 private:
  void add_server(bool relay);
  void add_carrier(const Gateway& carrier);
  void add_home(int number, const Gateway& gateway, bool behind_carrier);
  void start_gateway(const NetworkNamespace& where, const Gateway& gateway);
  void start_nftables(const NetworkNamespace& where);

  const Scenario scenario_;
  NetworkNamespace segment_;  ///< holds the switches
  std::vector<std::unique_ptr<NetworkNamespace>> namespaces_;
  std::vector<const NetworkNamespace*> peers_;
  std::vector<std::unique_ptr<Process>> programs_;
};

}  // namespace stile::lab
