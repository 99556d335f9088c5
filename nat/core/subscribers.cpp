#include "nat/core/bindings.hpp"

namespace stile::nat {

const Subscriber* Bindings::known_subscriber(std::uint32_t inside_address) const {
  const std::uint32_t* number = subscribers_by_address_.find({inside_address, 0});
  return number ? &subscribers_[*number] : nullptr;
}

std::uint32_t Bindings::external_address_for(std::uint32_t inside_address) const {
  if (config_.external.empty()) return 0;
  const Subscriber* subscriber = known_subscriber(inside_address);
  const std::size_t index =
      subscriber ? subscriber->external : inside_address % config_.external.size();
  return config_.external[index].v4_bits();
}

/// The subscriber with one mapping more; nothing if there is no external address for it.
std::optional<std::uint32_t> Bindings::join_subscriber(std::uint32_t inside_address, Instant now) {
  const FlowKey key{inside_address, 0};
  if (const auto* known = subscribers_by_address_.find(key)) {
    ++subscribers_[*known].mappings;
    return *known;
  }
  const auto external = ports_.welcome(now, inside_address);
  if (!external) return std::nullopt;
  Subscriber subscriber;
  subscriber.address = inside_address;
  subscriber.mappings = 1;
  subscriber.external = *external;
  const std::uint32_t number = subscribers_.insert(std::move(subscriber));
  subscribers_by_address_.at(key) = number;
  return number;
}

/// With one mapping less.
void Bindings::leave_subscriber(std::uint32_t number, EndReason reason, Instant now) {
  Subscriber& subscriber = subscribers_[number];
  if (--subscriber.mappings > 0) return;
  const bool is_held = config_.holds_ports() && reason == EndReason::expired;
  ports_.leave(is_held ? now + config_.port_hold : now, subscriber);
  subscribers_by_address_.erase({subscriber.address, 0});
  subscribers_.erase(number);
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
