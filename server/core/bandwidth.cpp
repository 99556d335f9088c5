#include "server/core/bandwidth.hpp"

#include "server/core/impl.hpp"

namespace stile::relay {

namespace {

void add(Traffic& traffic, std::size_t bytes) {
  ++traffic.packets;
  traffic.bytes += bytes;
}

}  // namespace

/// Calls `visit(bucket, bytes per second)` for each limit that there is on the allocation.
template <class Visit>
void Relay::Impl::for_each_bandwidth(Allocation& allocation, Direction direction, Visit&& visit) {
  const BandwidthLimits& limits = config->bandwidth;
  if (limits.per_allocation != 0) visit(allocation.bandwidth.of(direction), limits.per_allocation);
  if (limits.per_user != 0) visit(allocation.user_bandwidth->of(direction), limits.per_user);
  if (limits.total != 0) visit(resources->total_bandwidth().of(direction), limits.total);
}

bool Relay::Impl::admit_datagram(Allocation& allocation, Direction direction, std::size_t bytes) {
  bool has_room = true;
  for_each_bandwidth(allocation, direction, [&](const ByteBucket& bucket, std::uint64_t) {
    has_room = has_room && bucket.has_room(now);
  });
  if (!has_room) {
    add(counters.over_bandwidth, bytes);
    return false;
  }
  spend(allocation, direction, bytes);
  const bool is_to_peer = direction == Direction::to_peer;
  add(is_to_peer ? allocation.to_peers : allocation.from_peers, bytes);
  add(is_to_peer ? counters.to_peers : counters.from_peers, bytes);
  return true;
}

void Relay::Impl::spend(Allocation& allocation, Direction direction, std::size_t bytes) {
  for_each_bandwidth(allocation, direction, [&](ByteBucket& bucket, std::uint64_t rate) {
    bucket.spend(now, rate, bytes);
  });
}

Instant Relay::Impl::room_from(Allocation& allocation, Direction direction) {
  Instant latest{};
  for_each_bandwidth(allocation, direction, [&](const ByteBucket& bucket, std::uint64_t) {
    latest = std::max(latest, bucket.room_from());
  });
  return latest;
}

}  // namespace stile::relay
