#include "nat/core/held_syns.hpp"

#include <algorithm>
#include <utility>

namespace stile::nat {

HeldSyns::Outcome HeldSyns::hold(Instant now, Endpoint external, Endpoint remote, Side sender,
                                 Bytes packet) {
  constexpr std::size_t longest_quote =
      548;  // RFC 1812 §4.3.2.3: 576 bytes less the headers of the error
  const FlowKey key = flow_key(Protocol::tcp, external, remote);
  if (by_connection_.find(key)) return Outcome::held_before;
  // The queue also has the entries of superseded ones, until their time comes.
  if (queue_.size() >= config_.max_held_syns) return Outcome::full;
  const Bytes quote = packet.first(std::min(packet.size(), longest_quote));
  const Id id = held_.insert({external, remote, sender, copy_of(quote)});
  by_connection_.at(key) = id;
  queue_.push(now + config_.syn_hold, id);
  return Outcome::held;
}

bool HeldSyns::supersede(Endpoint external, Endpoint remote) {
  const FlowKey key = flow_key(Protocol::tcp, external, remote);
  const Id* found = by_connection_.find(key);
  if (!found) return false;
  held_.erase(*found);
  by_connection_.erase(key);
  return true;
}

std::optional<HeldSyn> HeldSyns::pop_due(Instant now) {
  while (const auto id = queue_.pop_due(now)) {
    HeldSyn* held = held_.find(*id);
    if (!held) continue;
    HeldSyn due = std::move(*held);
    held_.erase(*id);
    by_connection_.erase(flow_key(Protocol::tcp, due.external, due.remote));
    return due;
  }
  return std::nullopt;
}

void HeldSyns::clear() {
  held_ = {};
  by_connection_.clear();
  queue_ = {};
}

}  // namespace stile::nat
