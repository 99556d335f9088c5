#include "nat/core/bindings.hpp"

#include <algorithm>

namespace stile::nat {

void Bindings::add_forwards(Instant now) {
  for (const Forward& forward : config_.forwards) {
    if (!forward.external && config_.external.empty()) continue;
    const IpAddress& external = forward.external ? *forward.external : config_.external.front();
    if (is_external(external.v4_bits())) add_forward(now, forward, external.v4_bits());
  }
}

void Bindings::add_forward(Instant now, const Forward& forward, std::uint32_t external) {
  for (std::uint16_t i = 0; i < forward.count; ++i) {
    Mapping mapping;
    mapping.protocol = forward.protocol;
    mapping.inside =
        Endpoint{forward.inside.ip.v4_bits(), static_cast<std::uint16_t>(forward.inside.port + i)};
    mapping.external = Endpoint{external, static_cast<std::uint16_t>(forward.external_port + i)};
    mapping.is_static = true;
    mapping.follows_first = !forward.external;
    const Mapping* there = mapping_of_external(mapping.protocol, mapping.external);
    if (!there || !there->is_static) add_static(now, mapping);
  }
}

void Bindings::follow_forwards(Instant now) {
  const auto leads_to = [](const Forward& forward, const Mapping& mapping) {
    const int offset = mapping.external.port - forward.external_port;
    return forward.protocol == mapping.protocol && offset >= 0 && offset < forward.count &&
           forward.inside.ip.v4_bits() == mapping.inside.address &&
           forward.inside.port + offset == mapping.inside.port &&
           (forward.external ? forward.external->v4_bits() == mapping.external.address
                             : mapping.follows_first);
  };
  end_where(
      now,
      [&](const Mapping& mapping) {
        return mapping.is_static && !mapping.is_shared &&
               std::ranges::none_of(config_.forwards, [&](const Forward& forward) {
                 return leads_to(forward, mapping);
               });
      },
      EndReason::deleted);
  add_forwards(now);
}

/// A dynamic mapping that has one of its ends gives way. There is one only when an address has come
/// back.
void Bindings::add_static(Instant now, const Mapping& mapping) {
  if (mapping_of_external(mapping.protocol, mapping.external) ||
      mapping_with_inside(flow_key(mapping.protocol, mapping.inside)) != no_record)
    end_where(
        now,
        [&](const Mapping& other) {
          return other.protocol == mapping.protocol &&
                 (Endpoint(other.external) == mapping.external ||
                  Endpoint(other.inside) == mapping.inside);
        },
        EndReason::flushed);
  ports_.reserve(mapping.protocol, mapping.external);
  insert_mapping(mapping);
  ++forwards_;
}

void Bindings::follow_external(Instant now) {
  const std::uint32_t first = config_.external.empty() ? 0 : config_.external.front().v4_bits();
  end_where(
      now,
      [&](const Mapping& mapping) {
        return mapping.is_shared || !is_external(mapping.external.address) ||
               (mapping.follows_first && mapping.external.address != first);
      },
      EndReason::address_gone);
  forget_choices();
  const auto moved = ports_.follow_config();
  subscribers_.for_each([&](std::uint32_t, Subscriber& subscriber) {
    // One that has mappings at several addresses may have lost the one it was paired with.
    subscriber.external =
        moved[subscriber.external].value_or(subscriber.address % config_.external.size());
  });
  add_forwards(now);
  add_balancers(now);
}

bool Bindings::is_external(std::uint32_t address) const {
  return std::ranges::find(config_.external, IpAddress::v4(address)) != config_.external.end();
}

}  // namespace stile::nat
