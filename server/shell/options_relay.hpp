#pragma once

#include <string>
#include <vector>

#include "server/shell/options.hpp"

namespace CLI {
class App;
}

namespace stile::server {

/// The flags that say where from and whom to data is relayed.
struct RelayFlags {
  std::vector<std::string> relay_address;
  std::vector<std::string> external_address;
  std::string relay_ports = "49152-65535";
  std::vector<std::string> allow_peer;
  std::vector<std::string> deny_peer;
  bool tcp_relay = true;
  bool mobility = false;
  std::vector<std::string> alternate_server;
  bool redirect_always = false;
  std::string kernel_relay = "auto";

  void define(CLI::App& app);
  /// After the listeners: what these are is the default of the relay addresses.
  void apply(Options& options) const;

 private:
  std::vector<IpAddress> relay_addresses(const std::vector<TransportAddress>& listen) const;
  void add_external_addresses(relay::Config& config) const;
  void add_alternate_servers(Options& options) const;
};

}  // namespace stile::server
