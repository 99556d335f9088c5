#include "nat/core/held_ports.hpp"

namespace stile::nat {

void HeldPorts::hold(Instant until, Port port, std::uint32_t owner) {
  by_port_.at(key_of(port)) = {owner, until};
  queue_.push_back({until, port});
}

bool HeldPorts::take_back(Port port, std::uint32_t owner) {
  const Held* held = by_port_.find(key_of(port));
  if (!held || held->owner != owner) return false;
  by_port_.erase(key_of(port));
  return true;
}

std::optional<HeldPorts::Port> HeldPorts::pop_due(Instant now) {
  while (earliest() <= now)
    if (const auto port = pop()) return port;
  return std::nullopt;
}

std::optional<HeldPorts::Port> HeldPorts::pop_oldest() {
  while (!queue_.empty())
    if (const auto port = pop()) return port;
  return std::nullopt;
}

/// The port of the first entry, unless it was taken back meanwhile.
std::optional<HeldPorts::Port> HeldPorts::pop() {
  const Entry entry = queue_.front();
  queue_.pop_front();
  const Held* held = by_port_.find(key_of(entry.port));
  if (!held || held->until != entry.until) return std::nullopt;
  by_port_.erase(key_of(entry.port));
  return entry.port;
}

void HeldPorts::forget_address(std::uint32_t external) {
  for (const Entry& entry : queue_)
    if (entry.port.external.address == external) forget(entry.port);
}

}  // namespace stile::nat
