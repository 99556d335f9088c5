#include "nat/ipv6/host_numbers.hpp"

#include <algorithm>

namespace stile::nat {

std::optional<std::uint32_t> HostNumbers::number_of(Instant now, const IpAddress& host) {
  const FlowKey key = key_of(host);
  if (key.first == 0) return std::nullopt;  // ::/64 has no hosts
  if (const Id* known = by_host_.find(key)) return first_number + known->index;
  if (hosts_.size() >= std::min(limit_, most_numbers)) return std::nullopt;
  const Id id = hosts_.insert({host, 0, now});
  by_host_.at(key) = id;
  wake_later(now, id);
  return first_number + id.index;
}

HostNumbers::Id HostNumbers::id_of(std::uint32_t number) const {
  const std::uint32_t index = number - first_number;
  return index < most_numbers && index < hosts_.slot_count() ? hosts_.id_at(index) : Id{};
}

std::optional<IpAddress> HostNumbers::host_of(std::uint32_t number) const {
  const Host* host = hosts_.find(id_of(number));
  return host ? std::optional(host->address) : std::nullopt;
}

void HostNumbers::add_mapping(std::uint32_t number) {
  if (Host* host = hosts_.find(id_of(number))) ++host->mappings;
}

void HostNumbers::remove_mapping(Instant now, std::uint32_t number) {
  const Id id = id_of(number);
  Host* host = hosts_.find(id);
  if (!host || --host->mappings > 0) return;
  host->idle_since = now;
  wake_later(now, id);
}

void HostNumbers::wake_later(Instant now, Id id) {
  queue_.push(now + linger, id);
}

/// A host may have several entries; the last one finds it idle for long enough.
void HostNumbers::end_due(Instant now) {
  while (const auto id = queue_.pop_due(now)) {
    const Host* host = hosts_.find(*id);
    if (!host || host->mappings > 0 || host->idle_since + linger > now) continue;
    by_host_.erase(key_of(host->address));
    hosts_.erase(*id);
  }
}

}  // namespace stile::nat
