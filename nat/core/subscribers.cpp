#include "nat/core/bindings.hpp"

namespace stile::nat {

const Subscriber* Bindings::known_subscriber(std::uint32_t inside_address) const {
  const auto* id = subscribers_by_address_.find({inside_address, 0});
  return id ? subscribers_.find(*id) : nullptr;
}

std::uint32_t Bindings::external_address_for(std::uint32_t inside_address) const {
  if (config_.external.empty()) return 0;
  const Subscriber* subscriber = known_subscriber(inside_address);
  const std::size_t index =
      subscriber ? subscriber->external : inside_address % config_.external.size();
  return config_.external[index].v4_bits();
}

/// The subscriber with one mapping more; no id if there is no external address for it.
SlotId<Subscriber> Bindings::join_subscriber(std::uint32_t inside_address, Instant now) {
  const FlowKey key{inside_address, 0};
  if (const auto* known = subscribers_by_address_.find(key)) {
    ++subscribers_.find(*known)->mappings;
    return *known;
  }
  const auto external = ports_.welcome(now, inside_address);
  if (!external) return {};
  Subscriber subscriber;
  subscriber.address = inside_address;
  subscriber.mappings = 1;
  subscriber.external = *external;
  const SlotId<Subscriber> id = subscribers_.insert(std::move(subscriber));
  subscribers_by_address_.at(key) = id;
  return id;
}

/// With one mapping less.
void Bindings::leave_subscriber(SlotId<Subscriber> id, EndReason reason, Instant now) {
  Subscriber& subscriber = *subscribers_.find(id);
  if (--subscriber.mappings > 0) return;
  const bool is_held = config_.holds_ports() && reason == EndReason::expired;
  ports_.leave(is_held ? now + config_.port_hold : now, subscriber);
  subscribers_by_address_.erase({subscriber.address, 0});
  subscribers_.erase(id);
}

/// RFC 6888 REQ-4c. What a host may have new in a second it may have at once.
bool Bindings::within_rate(Instant now, Subscriber& subscriber) const {
  if (config_.new_ports_per_second == 0) return true;
  constexpr Duration second = std::chrono::seconds(1);
  const Duration interval = second / config_.new_ports_per_second;
  subscriber.paid_until = std::max(subscriber.paid_until, now);
  if (subscriber.paid_until - now > second - interval) return false;
  subscriber.paid_until += interval;
  return true;
}

}  // namespace stile::nat
