#include "server/shell/counter_names.hpp"

namespace stile::server {

namespace {

using relay::Counters;

constexpr CounterName<Counters> relay_counters[] = {
    {"binding_requests", &Counters::binding_requests},
    {"success_responses", &Counters::success_responses},
    {"error_responses", &Counters::error_responses},
    {"challenges", &Counters::challenges},
    {"failed_credentials", &Counters::failed_credentials},
    {"untried_credentials", &Counters::untried_credentials},
    {"stale_nonces", &Counters::stale_nonces},
    {"quota_refusals", &Counters::quota_refusals},
    {"capacity_refusals", &Counters::capacity_refusals},
    {"forbidden_peers", &Counters::forbidden_peers},
    {"redirected", &Counters::redirected},
    {"allocations_created", &Counters::allocations_created},
    {"allocations_expired", &Counters::allocations_expired},
    {"allocations_now", &Counters::allocations_now},
    {"revoked_permissions", &Counters::revoked_permissions},
    {"revoked_channels", &Counters::revoked_channels},
    {"revoked_connections", &Counters::revoked_connections},
    {"peer_connections_now", &Counters::peer_connections_now},
    {"failed_connects", &Counters::failed_connects},
    {"refused_peers", &Counters::refused_peers},
    {"denied_clients", &Counters::denied_clients},
    {"not_understood", &Counters::not_understood},
    {"unexpected_messages", &Counters::unexpected_messages},
    {"rate_limited", &Counters::rate_limited},
    {"no_allocation", &Counters::no_allocation},
    {"no_channel", &Counters::no_channel},
    {"no_permission_to", &Counters::no_permission_to},
    {"no_permission_from", &Counters::no_permission_from},
    {"no_client", &Counters::no_client},
    {"too_large", &Counters::too_large},
    {"unknown_sockets", &Counters::unknown_sockets},
};

constexpr TrafficName traffic[] = {
    {"to_peers", &Counters::to_peers},
    {"from_peers", &Counters::from_peers},
    {"over_bandwidth", &Counters::over_bandwidth},
};

constexpr CounterName<ClientCounters> client_counters[] = {
    {"connections_accepted", &ClientCounters::connections_accepted},
    {"connections_now", &ClientCounters::connections_now},
    {"connections_refused", &ClientCounters::connections_refused},
    {"connections_evicted", &ClientCounters::connections_evicted},
    {"connections_too_slow", &ClientCounters::connections_too_slow},
    {"malformed_proxy_headers", &ClientCounters::malformed_proxy_headers},
    {"malformed_streams", &ClientCounters::malformed_streams},
    {"tls_handshakes", &ClientCounters::tls_handshakes},
    {"tls_failures", &ClientCounters::tls_failures},
    {"dtls_sessions_now", &ClientCounters::dtls_sessions_now},
    {"dtls_hello_verify_requests", &ClientCounters::dtls_hello_verify_requests},
    {"dtls_handshakes", &ClientCounters::dtls_handshakes},
    {"dtls_failures", &ClientCounters::dtls_failures},
    {"dtls_dropped", &ClientCounters::dtls_dropped},
    {"messages_dropped_full", &ClientCounters::messages_dropped_full},
    {"messages_dropped_old", &ClientCounters::messages_dropped_old},
};

constexpr CounterName<UdpCounters> udp_counters[] = {
    {"lost_from_clients", &UdpCounters::lost_from_clients},
    {"lost_from_peers", &UdpCounters::lost_from_peers},
};

constexpr CounterName<KernelCounters> kernel_counters[] = {
    {"channels_now", &KernelCounters::channels_now},
    {"packets", &KernelCounters::packets},
    {"bytes", &KernelCounters::bytes},
    {"bindings", &KernelCounters::bindings},
};

static_assert(sizeof(Counters) ==
                  sizeof(std::uint64_t) * (std::size(relay_counters) + 2 * std::size(traffic)),
              "each counter has a name here");
static_assert(sizeof(ClientCounters) == sizeof(std::uint64_t) * std::size(client_counters),
              "each counter has a name here");
static_assert(sizeof(UdpCounters) == sizeof(std::uint64_t) * std::size(udp_counters),
              "each counter has a name here");

static_assert(sizeof(KernelCounters) == sizeof(std::uint64_t) * std::size(kernel_counters),
              "each counter has a name here");

}  // namespace

std::span<const CounterName<Counters>> relay_counter_names() {
  return relay_counters;
}
std::span<const TrafficName> traffic_names() {
  return traffic;
}
std::span<const CounterName<ClientCounters>> client_counter_names() {
  return client_counters;
}
std::span<const CounterName<UdpCounters>> udp_counter_names() {
  return udp_counters;
}
std::span<const CounterName<KernelCounters>> kernel_counter_names() {
  return kernel_counters;
}

ServerCounters& ServerCounters::operator+=(const ServerCounters& more) {
  for (const auto& each : relay_counters) relay.*each.value += more.relay.*each.value;
  for (const auto& each : client_counters) clients.*each.value += more.clients.*each.value;
  for (const auto& each : udp_counters) udp.*each.value += more.udp.*each.value;
  for (const auto& each : kernel_counters) kernel.*each.value += more.kernel.*each.value;
  for (const auto& each : traffic) {
    (relay.*each.value).packets += (more.relay.*each.value).packets;
    (relay.*each.value).bytes += (more.relay.*each.value).bytes;
  }
  return *this;
}

}  // namespace stile::server
