#pragma once

#include <string>
#include <vector>

#include "server/shell/log.hpp"
#include "server/shell/worker_report.hpp"

namespace stile::server {

// The answers of the control socket, one JSON object each.

/// {"allocations":[{"relayed":["192.0.2.1:50000"],"user","transport","client","server","protocol","age","left"
/// (seconds), "permissions","channels","peer_connections" (how
/// many),"to_peers":{"packets","bytes"},"from_peers":{...}}]}
std::string describe_allocations(const std::vector<AllocationReport>& reports);
/// One of them, with "permissions":[{"peer","left"}] and "channels":[{"number","peer","left"}].
std::string describe_allocation(const AllocationReport& report);
struct ServerState {
  std::size_t workers;
  Duration uptime;
  bool is_draining;
  std::string kernel_relay;  ///< "on", "off" or "off: why"
};
std::string describe_counters(const ServerCounters& counters, const ServerState& state);
/// {"closed":"192.0.2.1:50000"}, {"closed":3}
std::string describe_closed(const std::string& relayed);
std::string describe_closed(std::size_t count);
/// {"reloaded":true,"needs_restart":["threads"]}
std::string describe_reloaded(const std::vector<std::string_view>& needs_restart);
/// {"draining":true,"allocations":3,"seconds":5}
std::string describe_draining(std::size_t allocations, Duration left);
std::string describe_log_level(LogLevel level);
std::string describe_error(const std::string& what);

std::string_view name_of(Transport transport);
std::string_view name_of(relay::RelayProtocol protocol);

}  // namespace stile::server
