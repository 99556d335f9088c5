#include "nat/core/bindings.hpp"

namespace stile::nat {

namespace {

const Mapping* at(const RecordPool<Mapping>& mappings, std::uint32_t number) {
  return number == no_record ? nullptr : &mappings[number];
}

}  // namespace

const Mapping* Bindings::mapping_of_inside(Protocol protocol, Endpoint inside,
                                           Endpoint remote) const {
  const Mapping* mapping = at(mappings_, number_of_inside(protocol, inside, remote));
  return mapping && waits(*mapping) ? nullptr : mapping;
}

/// A forward holds towards every remote endpoint, whatever dynamic mappings depend on.
std::uint32_t Bindings::number_of_inside(Protocol protocol, Endpoint inside,
                                         Endpoint remote) const {
  const Endpoint scope = scope_of(protocol, remote);
  const std::uint32_t number = mapping_with_inside(flow_key(protocol, inside, scope));
  if (number != no_record || scope == Endpoint{}) return number;
  return mapping_with_inside(flow_key(protocol, inside));
}

const Mapping* Bindings::mapping_of_external(Protocol protocol, Endpoint external) const {
  const Mapping* mapping = at(mappings_, mapping_with_external(flow_key(protocol, external)));
  return mapping && waits(*mapping) ? nullptr : mapping;
}

bool Bindings::knows_endpoint(Protocol protocol, Endpoint external, Endpoint remote) const {
  const std::uint32_t number = session_with_external(protocol, external, remote);
  return number != no_record && !is_over(sessions_[number]);
}

bool Bindings::knows_address(const Mapping& mapping, std::uint32_t remote_address) const {
  const FlowKey key = flow_key(mapping.protocol, mapping.external, {remote_address, 0});
  if (!sessions_with_address_.find(key)) return false;
  return !is_behind() || has_live_session(mapping, remote_address);
}

/// Limit: among the youngest sessions of a mapping; those behind them count as over.
bool Bindings::has_live_session(const Mapping& mapping, std::uint32_t remote_address) const {
  std::uint32_t number = mapping.first_session;
  for (std::size_t i = 0; i < config_.max_ended_at_once && number != no_record; ++i) {
    const Session& session = sessions_[number];
    const bool is_wanted = remote_address == 0 || session.remote.address == remote_address;
    if (is_wanted && !is_over(session)) return true;
    number = links_[number].next;
  }
  return false;
}

bool Bindings::is_over(const Mapping& mapping) const {
  if (mapping.is_static || mapping.kept_until > overdue_) return false;
  if (mapping.has_terms && terms_of(mapping)->until > overdue_) return false;
  return !has_live_session(mapping, 0);
}

/// RFC 4787 §4.1: what of the remote endpoint the mapping depends on.
Endpoint Bindings::scope_of(Protocol protocol, Endpoint remote) const {
  // RFC 5508 §3.1: identifiers are mapped regardless of the remote host, however UDP and TCP are
  // mapped.
  if (protocol == Protocol::icmp) return {};
  switch (config_.mapping_for(protocol)) {
    case Behavior::endpoint_independent:
      return {};
    case Behavior::address_dependent:
      return {remote.address, 0};
    case Behavior::address_and_port_dependent:
      return remote;
  }
  return {};
}

FlowKey Bindings::inside_key_of(const Mapping& mapping) {
  return flow_key(mapping.protocol, mapping.inside, mapping.remote);
}

std::uint32_t Bindings::mapping_with_inside(const FlowKey& key) const {
  return mappings_by_inside_.find(
      hash_(key), [&](std::uint32_t number) { return inside_key_of(mappings_[number]) == key; });
}

std::uint32_t Bindings::mapping_with_external(const FlowKey& key) const {
  return mappings_by_external_.find(
      hash_(key), [&](std::uint32_t number) { return external_key_of(mappings_[number]) == key; });
}

}  // namespace stile::nat
