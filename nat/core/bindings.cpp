#include "nat/core/bindings.hpp"

#include <cassert>
#include <utility>

namespace stile::nat {

Bindings::Bindings(const Config& config, Random& random, Counters& counters, Emit emit)
    : config_(config),
      counters_(counters),
      emit_(std::move(emit)),
      ports_(config, random, emit_),
      hash_(random),
      mappings_by_inside_(HashIndex::smallest),
      mappings_by_external_(HashIndex::smallest + 8),
      sessions_by_inside_(HashIndex::smallest + 16),
      sessions_by_external_(HashIndex::smallest + 24),
      sessions_with_address_(random),
      subscribers_by_address_(random),
      balancer_seed_(random.u64()),
      choices_(random),
      terms_by_mapping_(random),
      peers_(random) {
  if (config.reserves_tables) reserve();
}

void Bindings::reserve() {
  mappings_.reserve(config_.max_mappings);
  mappings_by_inside_.reserve(config_.max_mappings);
  mappings_by_external_.reserve(config_.max_mappings);
  mapping_queue_.reserve(config_.max_mappings);
  sessions_.reserve(config_.max_sessions);
  links_.reserve(config_.max_sessions);
  sessions_by_inside_.reserve(config_.max_sessions);
  sessions_by_external_.reserve(config_.max_sessions);
  session_queue_.reserve(config_.max_sessions);
  // Their number has no limit of its own; a host with fewer mappings than this is rare where there
  // are many.
  constexpr std::size_t mappings_of_a_host = 16;
  subscribers_.reserve(config_.max_mappings / mappings_of_a_host);
  subscribers_by_address_.reserve(config_.max_mappings / mappings_of_a_host);
}

std::expected<SessionRef, Refusal> Bindings::open(Instant now, Protocol protocol, Endpoint inside,
                                                  Endpoint remote, const Wish& wish) {
  if (config_.evict_oldest) make_room(now);
  if (is_behind()) end_overdue(now, protocol, inside, remote);
  std::uint32_t number = number_of_inside(protocol, inside, remote);
  if (const auto refusal = full_for(inside, number)) return std::unexpected(*refusal);
  if (number == no_record) {
    const auto created = create_mapping(now, protocol, inside, remote, wish);
    if (!created) return std::unexpected(created.error());
    number = *created;
  }
  return insert_session(now, number, remote);
}

std::expected<MappingRef, Refusal> Bindings::open_mapping(Instant now, Protocol protocol,
                                                          Endpoint inside, const Wish& wish) {
  if (is_behind()) end_overdue(now, protocol, inside, {});
  std::uint32_t number = mapping_with_inside(flow_key(protocol, inside));
  if (number == no_record) {
    const auto created = create_mapping(now, protocol, inside, {}, wish);
    if (!created) return std::unexpected(created.error());
    number = *created;
  }
  return MappingRef{&mappings_[number], number};
}

/// Why there cannot be another session, whatever mapping it would have.
std::optional<Refusal> Bindings::full_for(Endpoint inside, std::uint32_t known) const {
  if (sessions_.size() >= config_.max_sessions) return Refusal::session_limit;
  if (known != no_record && config_.sessions_per_mapping != 0 &&
      mappings_[known].sessions >= config_.sessions_per_mapping)
    return Refusal::mapping_sessions;
  if (config_.sessions_per_host == 0) return std::nullopt;
  const Subscriber* subscriber = known_subscriber(inside.address);
  if (!subscriber || subscriber->sessions < config_.sessions_per_host) return std::nullopt;
  return Refusal::host_sessions;
}

std::expected<std::uint32_t, Refusal> Bindings::create_mapping(Instant now, Protocol protocol,
                                                               Endpoint inside, Endpoint remote,
                                                               const Wish& wish) {
  if (mapping_count() >= config_.max_mappings) return std::unexpected(Refusal::mapping_limit);
  const auto subscriber = join_subscriber(inside.address, now);
  if (!subscriber) return std::unexpected(Refusal::no_address);
  const Endpoint scope = scope_of(protocol, remote);
  const auto external = external_for(now, protocol, subscribers_[*subscriber], inside, scope, wish);
  if (!external) {
    leave_subscriber(*subscriber, EndReason::flushed, now);
    return std::unexpected(external.error());
  }
  // Both are written soon; one wait is enough.
  mappings_by_external_.prefetch(hash_(flow_key(protocol, *external)));
  if (config_.has_sessions(protocol))
    sessions_by_external_.prefetch(hash_(flow_key(protocol, *external, remote)));
  Mapping mapping;
  mapping.protocol = protocol;
  mapping.inside = inside;
  mapping.external = *external;
  mapping.remote = scope;
  mapping.subscriber = *subscriber;
  mapping.was_explicit = wish.is_explicit;
  ++counters_.mappings_created;
  return insert_mapping(mapping);
}

std::expected<Endpoint, Refusal> Bindings::external_for(Instant now, Protocol protocol,
                                                        Subscriber& subscriber, Endpoint inside,
                                                        Endpoint scope, const Wish& wish) {
  if (config_.ports_per_host != 0 && subscriber.mappings > config_.ports_per_host)
    return std::unexpected(Refusal::host_limit);
  if (!wish.is_restored && !within_rate(now, subscriber))
    return std::unexpected(Refusal::host_rate);
  const auto external = is_overloaded(protocol)
                            ? shared_port(protocol, subscriber, inside.port, scope)
                            : own_port(now, protocol, subscriber, inside.port, wish);
  if (!external) return std::unexpected(Refusal::no_port);
  return *external;
}

std::optional<Endpoint> Bindings::own_port(Instant now, Protocol protocol, Subscriber& subscriber,
                                           std::uint16_t inside_port, const Wish& wish) {
  if (wish.is_restored) ports_.lend_block_of(now, subscriber, wish.external);
  auto external = wish.external == Endpoint{} ? std::nullopt
                                              : ports_.assign_exactly(now, protocol, subscriber,
                                                                      wish.external, inside_port);
  if (external || wish.exactly) return external;
  const std::uint16_t like = wish.external.port != 0 ? wish.external.port : inside_port;
  return ports_.assign(now, protocol, subscriber, like);
}

std::uint32_t Bindings::insert_mapping(const Mapping& mapping) {
  const std::uint32_t number = mappings_.insert(Mapping(mapping));
  mappings_by_inside_.insert(hash_(inside_key_of(mapping)), number);
  emit_(MappingCreated{info_of(mapping)});
  // Last, as the memory for it has only just been asked for.
  mappings_by_external_.insert(hash_(external_key_of(mapping)), number);
  return number;
}

SessionRef Bindings::insert_session(Instant now, std::uint32_t mapping, Endpoint remote) {
  const Mapping& owner = mappings_[mapping];
  if (!owner.is_static) ++subscribers_[owner.subscriber].sessions;
  Session session;
  session.deadline = now;
  session.protocol = owner.protocol;
  session.inside = owner.inside;
  session.external = owner.external;
  session.remote = remote;
  const std::uint32_t number = sessions_.insert(Session(session));
  link(number, mapping);
  sessions_by_inside_.insert(hash_(flow_key(session.protocol, session.inside, remote)), number);
  sessions_by_external_.insert(hash_(flow_key(session.protocol, session.external, remote)), number);
  count_address(session, 1);
  ++counters_.sessions_created;
  if (config_.session_events) emit_(info_of(session));
  return {&sessions_[number], number};
}

/// The youngest of a mapping's comes first.
void Bindings::link(std::uint32_t session, std::uint32_t mapping) {
  if (links_.size() <= session) links_.push_back({});
  Mapping& owner = mappings_[mapping];
  links_[session] = {mapping, owner.first_session, no_record};
  if (owner.first_session != no_record) links_[owner.first_session].previous = session;
  owner.first_session = session;
  ++owner.sessions;
}

void Bindings::unlink(std::uint32_t session) {
  const SessionLinks links = links_[session];
  Mapping& owner = mappings_[links.mapping];
  assert(owner.sessions > 0 && "a session is one of its mapping's");
  (links.previous == no_record ? owner.first_session : links_[links.previous].next) = links.next;
  if (links.next != no_record) links_[links.next].previous = links.previous;
  --owner.sessions;
}

/// For filters that let in every port of an address to which something was sent.
void Bindings::count_address(const Session& session, int change) {
  if (!counts_addresses(session.protocol)) return;
  const FlowKey key = flow_key(session.protocol, session.external, {session.remote.address, 0});
  std::uint32_t& count = sessions_with_address_.at(key);
  count += static_cast<std::uint32_t>(change);
  if (count == 0) sessions_with_address_.erase(key);
}

void Bindings::remove_session(std::uint32_t number, EndReason reason, Instant now) {
  const Session session = sessions_[number];
  const std::uint32_t mapping = links_[number].mapping;
  sessions_by_inside_.erase(hash_(flow_key(session.protocol, session.inside, session.remote)),
                            number);
  sessions_by_external_.erase(hash_(flow_key(session.protocol, session.external, session.remote)),
                              number);
  count_address(session, -1);
  if (session.was_asked_for)
    peers_.erase(flow_key(session.protocol, session.inside, session.remote));
  if (session.is_queued) session_queue_.remove(number);
  unlink(number);
  sessions_.erase(number);
  ++counters_.sessions_ended;
  if (config_.session_events) emit_(SessionEnded{info_of(session)});
  if (!mappings_[mapping].is_static) --subscribers_[mappings_[mapping].subscriber].sessions;
  end_if_unused(mapping, reason, now);
}

void Bindings::end_if_unused(std::uint32_t number, EndReason reason, Instant now) {
  Mapping& mapping = mappings_[number];
  if (mapping.sessions > 0 || mapping.awaits_end || mapping.is_static || mapping.has_terms) return;
  if (mapping.kept_until <= now) return remove_mapping(number, reason, now);
  mapping.awaits_end = true;
  mapping_queue_.put(number, mapping.kept_until);
}

void Bindings::remove_mapping(std::uint32_t number, EndReason reason, Instant now) {
  forget_terms(number);
  const Mapping mapping = mappings_[number];
  if (mapping.awaits_end) mapping_queue_.remove(number);
  mappings_by_inside_.erase(hash_(inside_key_of(mapping)), number);
  mappings_by_external_.erase(hash_(external_key_of(mapping)), number);
  release_port(mapping, reason, now);
  mappings_.erase(number);
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
