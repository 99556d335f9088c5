#include "server/shell/control_reports.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace stile::server {

namespace {

using Json = nlohmann::ordered_json;

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::int64_t seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

Json describe(const relay::Traffic& traffic) {
  return {{"packets", traffic.packets}, {"bytes", traffic.bytes}};
}

Json describe(const AllocationReport& report) {
  Json relayed = Json::array();
  for (const TransportAddress& address : report.relayed) relayed.push_back(address.to_string());
  return {{"relayed", relayed},
          {"user", report.username},
          {"transport", name_of(report.five_tuple.transport)},
          {"client", report.five_tuple.client.to_string()},
          {"server", report.five_tuple.server.to_string()},
          {"protocol", name_of(report.protocol)},
          {"age", seconds(report.age)},
          {"left", seconds(report.left)},
          {"permissions", report.permissions.size()},
          {"channels", report.channels.size()},
          {"peer_connections", report.peer_connections},
          {"to_peers", describe(report.to_peers)},
          {"from_peers", describe(report.from_peers)}};
}

}  // namespace

std::string describe_allocations(const std::vector<AllocationReport>& reports) {
  // Each is made to text by itself: a tree of all of them would take many times the room.
  std::string text;
  for (const AllocationReport& report : reports)
    text += (text.empty() ? "" : ",") + to_text(describe(report));
  return R"({"allocations":[)" + text + "]}";
}

std::string describe_allocation(const AllocationReport& report) {
  Json json = describe(report);
  json["permissions"] = Json::array();
  for (const auto& each : report.permissions)
    json["permissions"].push_back({{"peer", each.peer.to_string()}, {"left", seconds(each.left)}});
  json["channels"] = Json::array();
  for (const auto& each : report.channels)
    json["channels"].push_back({{"number", fmt::format("{:#06x}", each.number.value)},
                                {"peer", each.peer.to_string()},
                                {"left", seconds(each.left)}});
  return to_text(json);
}

std::string describe_counters(const ServerCounters& counters, const ServerState& state) {
  Json json{{"uptime", seconds(state.uptime)},
            {"workers", state.workers},
            {"draining", state.is_draining},
            {"kernel_relay", state.kernel_relay}};
  for (const auto& each : relay_counter_names())
    json["relay"][std::string(each.name)] = counters.relay.*each.value;
  for (const auto& each : traffic_names())
    json["relay"][std::string(each.name)] = describe(counters.relay.*each.value);
  for (const auto& each : client_counter_names())
    json["clients"][std::string(each.name)] = counters.clients.*each.value;
  for (const auto& each : udp_counter_names())
    json["udp"][std::string(each.name)] = counters.udp.*each.value;
  for (const auto& each : kernel_counter_names())
    json["kernel"][std::string(each.name)] = counters.kernel.*each.value;
  return to_text(json);
}

std::string describe_closed(const std::string& relayed) {
  return to_text({{"closed", relayed}});
}

std::string describe_closed(std::size_t count) {
  return to_text({{"closed", count}});
}

std::string describe_reloaded(const std::vector<std::string_view>& needs_restart) {
  return to_text({{"reloaded", true}, {"needs_restart", needs_restart}});
}

std::string describe_draining(std::size_t allocations, Duration left) {
  return to_text({{"draining", true}, {"allocations", allocations}, {"seconds", seconds(left)}});
}

std::string describe_log_level(LogLevel level) {
  return to_text({{"log_level", name_of(level)}});
}

std::string describe_error(const std::string& what) {
  return to_text({{"error", what}});
}

std::string_view name_of(Transport transport) {
  switch (transport) {
    case Transport::udp:
      return "udp";
    case Transport::tcp:
      return "tcp";
    case Transport::tls:
      return "tls";
    case Transport::dtls:
      return "dtls";
  }
  return {};
}

std::string_view name_of(relay::RelayProtocol protocol) {
  return protocol == relay::RelayProtocol::tcp ? "tcp" : "udp";
}

}  // namespace stile::server
