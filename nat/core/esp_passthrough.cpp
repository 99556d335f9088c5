#include "nat/core/esp_passthrough.hpp"

namespace stile::nat {

std::optional<std::uint32_t> EspPassthrough::outbound(Instant now, std::uint32_t inside,
                                                      std::uint32_t remote, std::uint32_t index) {
  const Id* known = by_inside_.find(key_of(inside, remote));
  Flow* flow = known ? flows_.find(*known) : open(now, inside, remote);
  if (!flow) return std::nullopt;
  flow->deadline = now + config_.esp_timeout;
  if (flow->outbound_index == index) return flow->external;
  if (!may_await(flow->external, remote, inside)) return std::nullopt;
  flow->outbound_index = index;
  flow->awaits_answer = true;
  awaiting_.at(key_of(flow->external, remote)) = *by_inside_.find(key_of(inside, remote));
  return flow->external;
}

EspPassthrough::Flow* EspPassthrough::open(Instant now, std::uint32_t inside,
                                           std::uint32_t remote) {
  if (config_.external.empty() || flows_.size() >= config_.max_esp_flows) return nullptr;
  const std::uint32_t external = config_.external[inside % config_.external.size()].v4_bits();
  if (!may_await(external, remote, inside)) return nullptr;
  Flow flow;
  flow.inside = inside;
  flow.remote = remote;
  flow.external = external;
  const Id id = flows_.insert(flow);
  by_inside_.at(key_of(inside, remote)) = id;
  queue_.push(now + config_.esp_timeout, id);
  return flows_.find(id);
}

/// Nobody else waits for an answer of the remote.
bool EspPassthrough::may_await(std::uint32_t external, std::uint32_t remote, std::uint32_t inside) {
  const Id* id = awaiting_.find(key_of(external, remote));
  const Flow* waiting = id ? flows_.find(*id) : nullptr;
  return !waiting || waiting->inside == inside || !waiting->awaits_answer;
}

std::optional<std::uint32_t> EspPassthrough::inbound(Instant now, std::uint32_t external,
                                                     std::uint32_t remote, std::uint32_t index) {
  const FlowKey key = key_of(external, remote, index);
  const Id* id = by_index_.find(key);
  if (!id) {
    id = awaiting_.find(key_of(external, remote));
    Flow* flow = id ? flows_.find(*id) : nullptr;
    if (!flow) return std::nullopt;
    if (flow->inbound_index != 0) by_index_.erase(key_of(external, remote, flow->inbound_index));
    flow->inbound_index = index;
    flow->awaits_answer = false;
    const Id learned = *id;
    by_index_.at(key) = learned;
    id = by_index_.find(key);
  }
  Flow& flow = *flows_.find(*id);
  flow.deadline = now + config_.esp_timeout;
  return flow.inside;
}

void EspPassthrough::end_due(Instant now) {
  while (const auto id = queue_.pop_due(now)) {
    const Flow* flow = flows_.find(*id);
    if (!flow) continue;
    if (flow->deadline > now)
      queue_.push(flow->deadline, *id);
    else
      remove(*id);
  }
}

void EspPassthrough::remove(Id id) {
  const Flow flow = *flows_.find(id);
  by_inside_.erase(key_of(flow.inside, flow.remote));
  if (flow.inbound_index != 0)
    by_index_.erase(key_of(flow.external, flow.remote, flow.inbound_index));
  const FlowKey waiting = key_of(flow.external, flow.remote);
  if (const Id* last = awaiting_.find(waiting); last && *last == id) awaiting_.erase(waiting);
  flows_.erase(id);
}

void EspPassthrough::clear() {
  flows_ = {};
  by_inside_.clear();
  by_index_.clear();
  awaiting_.clear();
  queue_ = {};
}

}  // namespace stile::nat
