#include "server/core/allocation.hpp"

#include <algorithm>

namespace stile::relay {

namespace {

template <class Table, class Matches>
auto* find_in(Table& table, Matches&& matches) {
  const auto found = std::ranges::find_if(table, matches);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace

std::optional<TransportAddress> Allocation::address(Family family) const {
  const auto& has = of(family);
  return has ? std::optional(has->address) : std::nullopt;
}

Permission* Allocation::permission(const IpAddress& peer) {
  return find_in(permissions,
                 [&](const Permission& permission) { return permission.peer == peer; });
}

ChannelBinding* Allocation::channel(stun::ChannelNumber number) {
  return find_in(channels, [&](const ChannelBinding& binding) { return binding.number == number; });
}

ChannelBinding* Allocation::channel(const TransportAddress& peer) {
  return find_in(channels, [&](const ChannelBinding& binding) { return binding.peer == peer; });
}

Instant Allocation::next_deadline() const {
  Instant next = never;
  for (const auto& address : relayed)
    if (address) next = std::min(next, address->expires);
  for (const Permission& permission : permissions) next = std::min(next, permission.expires);
  for (const ChannelBinding& binding : channels) next = std::min(next, binding.expires);
  return next;
}

Instant Allocation::expires() const {
  Instant last{};
  for (const auto& address : relayed)
    if (address) last = std::max(last, address->expires);
  return last;
}

}  // namespace stile::relay
