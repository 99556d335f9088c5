#include "server/fastpath/kernel_bindings.hpp"

#include <algorithm>
#include <chrono>

#include "server/fastpath/routes.hpp"

namespace stile::server {

namespace {

answer_limit entry_of(const relay::RateLimit& limit, std::uint64_t seed) {
  if (limit.per_second == 0) return {};
  constexpr std::uint64_t second = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  const std::uint64_t gap = second / limit.per_second;
  return {gap, gap * std::max(limit.burst, 1u), seed};
}

}  // namespace

void KernelBindings::answer_at(std::vector<TransportAddress> listeners,
                               const relay::RateLimit& limit) {
  for (const TransportAddress& each : listeners_) take_out(each);
  relay_.program().limit_answers(entry_of(limit, seed_));
  listeners_ = std::move(listeners);
  for (const TransportAddress& each : listeners_) put_in(each);
}

void KernelBindings::renew() {
  for (const TransportAddress& each : listeners_) {
    take_out(each);
    put_in(each);
  }
}

KernelBindings::Counters KernelBindings::counters() const {
  Counters all = counted_;
  for (const TransportAddress& each : listeners_) {
    const auto entry = relay_.program().find(listener_key_of(each));
    if (!entry) continue;
    all.answered += entry->answered;
    all.limited += entry->limited;
  }
  return all;
}

void KernelBindings::put_in(const TransportAddress& listener) {
  const std::uint32_t generation = relay_.generation();
  if (generation == 0) return;
  const auto route = interface_of(listener.ip);
  if (!route || !relay_.sees(route->interface)) return;
  listener_entry entry{};
  entry.in_index = route->interface;
  entry.generation = generation;
  entry.hop_limit = route->hop_limit;
  relay_.program().put(listener_key_of(listener), entry);
}

void KernelBindings::take_out(const TransportAddress& listener) {
  const auto entry = relay_.program().take(listener_key_of(listener));
  if (!entry) return;
  counted_.answered += entry->answered;
  counted_.limited += entry->limited;
}

}  // namespace stile::server
