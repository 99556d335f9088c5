#include "server/shell/worker_report.hpp"

#include <algorithm>

#include "server/shell/worker.hpp"

namespace stile::server {

AllocationReport::AllocationReport(const relay::AllocationInfo& info, Instant now)
    : five_tuple(info.five_tuple),
      username(info.username),
      protocol(info.protocol),
      age(now - info.created),
      left(info.expires - now),
      peer_connections(info.peer_connections),
      to_peers(info.to_peers),
      from_peers(info.from_peers) {
  for (const auto& address : {info.relayed_v4, info.relayed_v6})
    if (address) relayed.push_back(*address);
  for (const relay::Permission& each : info.permissions)
    permissions.push_back({each.peer, each.expires - now});
  for (const relay::ChannelBinding& each : info.channels)
    channels.push_back({each.number, each.peer, each.expires - now});
}

bool AllocationReport::has(const TransportAddress& address) const {
  return std::ranges::find(relayed, address) != relayed.end();
}

std::vector<AllocationReport> Worker::allocations() {
  count_kernel_flows();
  std::vector<AllocationReport> reports;
  relay_.for_each_allocation(
      [&](const relay::AllocationInfo& info) { reports.emplace_back(info, now_); });
  return reports;
}

bool Worker::count_kernel_flows() {
  if (kernel_flows_) kernel_flows_->tell_all();
  return true;
}

ServerCounters Worker::counters() const {
  UdpCounters udp = udp_counters_;
  for (const auto& listener : listeners_.all)
    for (const Descriptor& queue : listener.udp)
      udp.lost_from_clients += lost_datagrams(queue.fd());
  for (const RelaySocketSlot& each : relay_sockets_)
    if (each.socket) udp.lost_from_peers += lost_datagrams(each.socket.fd());
  return {relay_.counters(), client_counters_, udp,
          kernel_flows_ ? kernel_flows_->counters() : KernelCounters{}};
}

}  // namespace stile::server
