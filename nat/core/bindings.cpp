#include "nat/core/bindings.hpp"

#include <utility>

namespace stile::nat {

Bindings::Bindings(const Config& config, Random& random, Counters& counters, Emit emit)
    : config_(config),
      counters_(counters),
      emit_(std::move(emit)),
      ports_(config, random, emit_),
      mappings_by_inside_(random),
      mappings_by_external_(random),
      sessions_by_inside_(random),
      sessions_by_external_(random),
      sessions_with_address_(random),
      subscribers_by_address_(random),
      balancer_seed_(random.u64()),
      choices_(random),
      peer_nonces_(random) {}

const Mapping* Bindings::mapping_of_inside(Protocol protocol, Endpoint inside,
                                           Endpoint remote) const {
  return mappings_.find(id_of_inside(protocol, inside, remote));
}

/// A forward holds towards every remote endpoint, whatever dynamic mappings depend on.
MappingId Bindings::id_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) const {
  const Endpoint scope = scope_of(protocol, remote);
  const MappingId* id = mappings_by_inside_.find(flow_key(protocol, inside, scope));
  if (!id && scope != Endpoint{}) id = mappings_by_inside_.find(flow_key(protocol, inside));
  return id ? *id : MappingId{};
}

Mapping* Bindings::mapping_of_external(Protocol protocol, Endpoint external) {
  const MappingId* id = mappings_by_external_.find(flow_key(protocol, external));
  return id ? mappings_.find(*id) : nullptr;
}

Session* Bindings::session_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) {
  const SessionId* id = sessions_by_inside_.find(flow_key(protocol, inside, remote));
  return id ? sessions_.find(*id) : nullptr;
}

Session* Bindings::session_of_external(Protocol protocol, Endpoint external, Endpoint remote) {
  const SessionId* id = sessions_by_external_.find(flow_key(protocol, external, remote));
  return id ? sessions_.find(*id) : nullptr;
}

bool Bindings::knows_endpoint(Protocol protocol, Endpoint external, Endpoint remote) const {
  return sessions_by_external_.find(flow_key(protocol, external, remote)) != nullptr;
}

bool Bindings::knows_address(Protocol protocol, Endpoint external,
                             std::uint32_t remote_address) const {
  return sessions_with_address_.find(flow_key(protocol, external, {remote_address, 0})) != nullptr;
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

std::expected<Session*, Refusal> Bindings::open(Instant now, Protocol protocol, Endpoint inside,
                                                Endpoint remote, const Wish& wish) {
  if (config_.evict_oldest) make_room(now);
  MappingId id = id_of_inside(protocol, inside, remote);
  if (const auto refusal = full_for(inside, id)) return std::unexpected(*refusal);
  if (!id) {
    const auto created = create_mapping(now, protocol, inside, scope_of(protocol, remote), wish);
    if (!created) return std::unexpected(created.error());
    id = *created;
  }
  return &insert_session(now, id, remote);
}

/// Why there cannot be another session, whatever mapping it would have.
std::optional<Refusal> Bindings::full_for(Endpoint inside, MappingId known) const {
  if (sessions_.size() >= config_.max_sessions) return Refusal::session_limit;
  if (known && config_.sessions_per_mapping != 0 &&
      mappings_.find(known)->sessions >= config_.sessions_per_mapping)
    return Refusal::mapping_sessions;
  if (config_.sessions_per_host == 0) return std::nullopt;
  const Subscriber* subscriber = known_subscriber(inside.address);
  if (!subscriber || subscriber->sessions < config_.sessions_per_host) return std::nullopt;
  return Refusal::host_sessions;
}

std::expected<MappingId, Refusal> Bindings::create_mapping(Instant now, Protocol protocol,
                                                           Endpoint inside, Endpoint scope,
                                                           const Wish& wish) {
  if (mapping_count() >= config_.max_mappings) return std::unexpected(Refusal::mapping_limit);
  const SlotId<Subscriber> subscriber = join_subscriber(inside.address, now);
  if (!subscriber) return std::unexpected(Refusal::no_address);
  const auto external =
      external_for(now, protocol, *subscribers_.find(subscriber), inside, scope, wish);
  if (!external) {
    leave_subscriber(subscriber, EndReason::flushed, now);
    return std::unexpected(external.error());
  }
  Mapping mapping;
  mapping.protocol = protocol;
  mapping.inside = inside;
  mapping.external = *external;
  mapping.remote = scope;
  mapping.subscriber = subscriber;
  mapping.was_explicit = wish.is_explicit;
  ++counters_.mappings_created;
  return insert_mapping(mapping);
}

std::expected<Endpoint, Refusal> Bindings::external_for(Instant now, Protocol protocol,
                                                        Subscriber& subscriber, Endpoint inside,
                                                        Endpoint scope, const Wish& wish) {
  if (config_.ports_per_host != 0 && subscriber.mappings > config_.ports_per_host)
    return std::unexpected(Refusal::host_limit);
  if (!within_rate(now, subscriber)) return std::unexpected(Refusal::host_rate);
  const auto external = is_overloaded(protocol)
                            ? shared_port(protocol, subscriber, inside.port, scope)
                            : own_port(now, protocol, subscriber, inside.port, wish);
  if (!external) return std::unexpected(Refusal::no_port);
  return *external;
}

std::optional<Endpoint> Bindings::own_port(Instant now, Protocol protocol, Subscriber& subscriber,
                                           std::uint16_t inside_port, const Wish& wish) {
  auto external = wish.external == Endpoint{} ? std::nullopt
                                              : ports_.assign_exactly(now, protocol, subscriber,
                                                                      wish.external, inside_port);
  if (external || wish.exactly) return external;
  const std::uint16_t like = wish.external.port != 0 ? wish.external.port : inside_port;
  return ports_.assign(now, protocol, subscriber, like);
}

MappingId Bindings::insert_mapping(const Mapping& mapping) {
  const MappingId id = mappings_.insert(mapping);
  mappings_by_inside_.at(flow_key(mapping.protocol, mapping.inside, mapping.remote)) = id;
  mappings_by_external_.at(external_key_of(mapping)) = id;
  emit_(MappingCreated{info_of(mapping)});
  return id;
}

Session& Bindings::insert_session(Instant now, MappingId id, Endpoint remote) {
  Mapping& mapping = *mappings_.find(id);
  ++mapping.sessions;
  if (Subscriber* subscriber = subscribers_.find(mapping.subscriber)) ++subscriber->sessions;
  Session session;
  session.mapping = id;
  session.protocol = mapping.protocol;
  session.inside = mapping.inside;
  session.external = mapping.external;
  session.remote = remote;
  session.deadline = now;
  session.wake = never;
  const SessionId session_id = sessions_.insert(session);
  sessions_by_inside_.at(flow_key(session.protocol, session.inside, remote)) = session_id;
  sessions_by_external_.at(flow_key(session.protocol, session.external, remote)) = session_id;
  ++sessions_with_address_.at(flow_key(session.protocol, session.external, {remote.address, 0}));
  ++counters_.sessions_created;
  Session& inserted = *sessions_.find(session_id);
  inserted.id = session_id;
  if (config_.session_events) emit_(info_of(inserted));
  return inserted;
}

void Bindings::remove_session(SessionId id, EndReason reason, Instant now) {
  const Session session = *sessions_.find(id);
  sessions_by_inside_.erase(flow_key(session.protocol, session.inside, session.remote));
  sessions_by_external_.erase(flow_key(session.protocol, session.external, session.remote));
  const FlowKey by_address =
      flow_key(session.protocol, session.external, {session.remote.address, 0});
  if (--sessions_with_address_.at(by_address) == 0) sessions_with_address_.erase(by_address);
  peer_nonces_.erase(flow_key(session.protocol, session.inside, session.remote));
  sessions_.erase(id);
  ++counters_.sessions_ended;
  if (config_.session_events) emit_(SessionEnded{info_of(session)});

  Mapping& mapping = *mappings_.find(session.mapping);
  if (Subscriber* subscriber = subscribers_.find(mapping.subscriber)) --subscriber->sessions;
  --mapping.sessions;
  end_if_unused(session.mapping, reason, now);
}

void Bindings::end_if_unused(MappingId id, EndReason reason, Instant now) {
  Mapping& mapping = *mappings_.find(id);
  if (mapping.sessions > 0 || mapping.awaits_end || mapping.is_static || mapping.terms) return;
  if (mapping.kept_until <= now) return remove_mapping(id, reason, now);
  mapping.awaits_end = true;
  mapping_queue_.push(mapping.kept_until, id);
}

void Bindings::remove_mapping(MappingId id, EndReason reason, Instant now) {
  const Mapping mapping = *mappings_.find(id);
  forget_terms(*mappings_.find(id));
  mappings_by_inside_.erase(flow_key(mapping.protocol, mapping.inside, mapping.remote));
  mappings_by_external_.erase(external_key_of(mapping));
  release_port(mapping, reason, now);
  mappings_.erase(id);
  if (mapping.is_static) {
    --forwards_;
  } else {
    leave_subscriber(mapping.subscriber, reason, now);
    ++counters_.mappings_ended;
    if (reason == EndReason::address_gone) ++counters_.mappings_ended_address_gone;
  }
  emit_(MappingEnded{info_of(mapping), reason});
}

/// RFC 6888 REQ-8, with its exceptions: TCP is tracked to its end, a filter turns away what was
/// meant for the owner before. Where a host has a block or an address, that is held, not the port.
/// RFC 6887 §15: strangers have known the port of a mapping that was asked for, so it is held too,
/// of TCP as well. Limit: for Config::port_hold, not for TCP's two hours.
void Bindings::release_port(const Mapping& mapping, EndReason reason, Instant now) {
  if (is_overloaded(mapping.protocol) && !mapping.is_static) return;
  if (is_companion(mapping)) {
    ports_.release(mapping.protocol, mapping.external);
    return ports_.reserve_for(mapping.protocol, mapping.external, mapping.inside.address);
  }
  const bool is_over = reason == EndReason::expired || reason == EndReason::deleted;
  const bool is_held =
      is_over && !mapping.is_static && !config_.is_bound_to_address() &&
      (mapping.was_explicit ? config_.port_hold > Duration::zero() && config_.max_ports_held > 0
                            : config_.holds_ports() && mapping.protocol != Protocol::tcp);
  if (is_held)
    ports_.release_later(now, mapping.protocol, mapping.external, mapping.inside.address);
  else
    ports_.release(mapping.protocol, mapping.external);
}

SessionCreated Bindings::info_of(const Session& session) {
  return {session.protocol, to_public(session.inside), to_public(session.external),
          to_public(session.remote)};
}

MappingInfo Bindings::info_of(const Mapping& mapping) const {
  MappingInfo info{mapping.protocol, to_public(mapping.inside), to_public(mapping.external),
                   std::nullopt,     mapping.is_static,         mapping.was_explicit};
  if (mapping.remote != Endpoint{}) info.remote = to_public(mapping.remote);
  return info;
}

}  // namespace stile::nat
