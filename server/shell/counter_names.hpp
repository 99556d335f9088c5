#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/core/counters.hpp"
#include "server/shell/client_counters.hpp"
#include "server/shell/kernel_counters.hpp"
#include "server/shell/udp_counters.hpp"

namespace stile::server {

/// A counter as it is told to people and programs.
template <class Counters>
struct CounterName {
  std::string_view name;
  std::uint64_t Counters::* value;
};
struct TrafficName {
  std::string_view name;
  relay::Traffic relay::Counters::* value;
};

std::span<const CounterName<relay::Counters>> relay_counter_names();
std::span<const TrafficName> traffic_names();
std::span<const CounterName<ClientCounters>> client_counter_names();
std::span<const CounterName<UdpCounters>> udp_counter_names();
std::span<const CounterName<KernelCounters>> kernel_counter_names();

/// What all workers have counted.
struct ServerCounters {
  relay::Counters relay;
  ClientCounters clients;
  UdpCounters udp;
  KernelCounters kernel;
  ServerCounters& operator+=(const ServerCounters& more);
};

}  // namespace stile::server
