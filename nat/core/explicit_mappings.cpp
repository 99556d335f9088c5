#include <utility>

#include "nat/core/bindings.hpp"

namespace stile::nat {

namespace {

/// RFC 6887 §11.3: what is no address of ours is a hint that leads nowhere, but does no harm.
Endpoint wish_of(const TransportAddress& suggested) {
  const bool has_address = suggested.ip.is_v4() && !suggested.ip.is_unspecified();
  return {has_address ? suggested.ip.v4_bits() : 0, suggested.port};
}

bool names_other_family(const TransportAddress& suggested) {
  return !suggested.ip.is_v4() && !suggested.ip.is_unspecified();
}

bool fits(const TransportAddress& suggested, Endpoint external) {
  const Endpoint wish = wish_of(suggested);
  return !names_other_family(suggested) &&
         (wish.address == 0 || wish.address == external.address) &&
         (wish.port == 0 || wish.port == external.port);
}

Endpoint endpoint_of(const TransportAddress& address) {
  return {address.ip.v4_bits(), address.port};
}

Protocol companion_of(Protocol protocol) {
  return protocol == Protocol::udp ? Protocol::tcp : Protocol::udp;
}

ExplicitRefusal explicit_refusal(Refusal refusal, bool exactly) {
  switch (refusal) {
    case Refusal::host_limit:
    case Refusal::host_rate:
    case Refusal::host_sessions:
      return ExplicitRefusal::quota;
    case Refusal::no_port:
      return exactly ? ExplicitRefusal::external_unavailable : ExplicitRefusal::resources;
    case Refusal::mapping_limit:
    case Refusal::session_limit:
    case Refusal::mapping_sessions:
    case Refusal::no_address:
      return ExplicitRefusal::resources;
  }
  return ExplicitRefusal::resources;
}

}  // namespace

const Mapping* Bindings::unscoped_mapping(Protocol protocol, Endpoint inside) const {
  const std::uint32_t number = mapping_with_inside(flow_key(protocol, inside));
  return number == no_record ? nullptr : &mappings_[number];
}

const ExplicitTerms* Bindings::terms_of(const Mapping& mapping) const {
  if (!mapping.has_terms) return nullptr;
  const std::uint32_t number = mapping_with_inside(inside_key_of(mapping));
  return &explicit_terms_[*terms_by_mapping_.find({number, 0})].terms;
}

/// RFC 6887 §11.3. A mapping that traffic made becomes one that was asked for, at the same external
/// endpoint; without its terms it is again what it was.
std::expected<const Mapping*, ExplicitRefusal> Bindings::map(Instant now,
                                                             const MapRequest& request) {
  const Endpoint inside = endpoint_of(request.inside);
  if (request.terms.filters.size() > config_.max_filters_per_mapping)
    return std::unexpected(ExplicitRefusal::too_many_filters);
  if (const Mapping* there = unscoped_mapping(request.protocol, inside)) {
    if (request.exactly && !fits(request.suggested, there->external))
      return std::unexpected(ExplicitRefusal::external_unavailable);
    if (there->is_static) return there;
    if (!there->has_terms && !has_explicit_left(inside))
      return std::unexpected(ExplicitRefusal::quota);
  } else {
    if (!has_explicit_left(inside)) return std::unexpected(ExplicitRefusal::quota);
    if (request.exactly && names_other_family(request.suggested))
      return std::unexpected(ExplicitRefusal::external_unavailable);
    const Wish wish{wish_of(request.suggested), request.exactly, true};
    const auto created = create_mapping(now, request.protocol, inside, {}, wish);
    if (!created) return std::unexpected(explicit_refusal(created.error(), request.exactly));
  }
  const std::uint32_t number = mapping_with_inside(flow_key(request.protocol, inside));
  set_terms(number, request);
  return &mappings_[number];
}

bool Bindings::has_explicit_left(Endpoint inside) const {
  const Subscriber* subscriber = known_subscriber(inside.address);
  return config_.explicit_per_host == 0 || !subscriber ||
         subscriber->explicit_mappings < config_.explicit_per_host;
}

void Bindings::set_terms(std::uint32_t number, const MapRequest& request) {
  Mapping& mapping = mappings_[number];
  mapping.was_explicit = true;
  if (mapping.has_terms) {
    const std::uint32_t terms = *terms_by_mapping_.find({number, 0});
    explicit_terms_[terms].terms = request.terms;
    terms_queue_.move(terms, request.terms.until);
  } else {
    const std::uint32_t terms = explicit_terms_.insert({request.terms, number});
    terms_by_mapping_.at({number, 0}) = terms;
    terms_queue_.put(terms, request.terms.until);
    mapping.has_terms = true;
    ++subscribers_[mapping.subscriber].explicit_mappings;
  }
  if (request.reserves_companion) {
    mapping.reserves_companion = true;
    ports_.reserve_for(companion_of(mapping.protocol), mapping.external, mapping.inside.address);
  }
}

bool Bindings::unmap(Instant now, Protocol protocol, Endpoint inside) {
  const std::uint32_t number = mapping_with_inside(flow_key(protocol, inside));
  if (number == no_record || !mappings_[number].has_terms) return false;
  end_terms(number, EndReason::deleted, now);
  return true;
}

void Bindings::end_terms(std::uint32_t mapping, EndReason reason, Instant now) {
  if (!is_in_use(mappings_[mapping], now)) return remove_mapping(mapping, reason, now);
  forget_terms(mapping);
  end_if_unused(mapping, reason, now);
}

/// By traffic, whether or not its host asked for it.
bool Bindings::is_in_use(const Mapping& mapping, Instant now) const {
  const bool ages_alone = !config_.has_sessions(mapping.protocol);
  return mapping.sessions > 0 || (ages_alone && mapping.kept_until > now);
}

void Bindings::forget_terms(std::uint32_t number) {
  Mapping& mapping = mappings_[number];
  if (!mapping.has_terms) return;
  const std::uint32_t terms = *terms_by_mapping_.find({number, 0});
  terms_queue_.remove(terms);
  terms_by_mapping_.erase({number, 0});
  explicit_terms_.erase(terms);
  mapping.has_terms = false;
  --subscribers_[mapping.subscriber].explicit_mappings;
  if (!mapping.reserves_companion) return;
  mapping.reserves_companion = false;
  ports_.end_reservation(companion_of(mapping.protocol), mapping.external);
}

/// Of a mapping that reserves it (RFC 6886 §3.3).
bool Bindings::is_companion(const Mapping& mapping) {
  if (mapping.protocol != Protocol::tcp && mapping.protocol != Protocol::udp) return false;
  const Mapping* other = mapping_of_external(companion_of(mapping.protocol), mapping.external);
  return other && other->reserves_companion;
}

std::size_t Bindings::end_due_terms(Instant now, std::size_t most) {
  std::size_t count = 0;
  for (; count < most && terms_queue_.earliest() <= now; ++count)
    end_terms(explicit_terms_[terms_queue_.first().number].mapping, EndReason::expired, now);
  return count;
}

bool Bindings::terms_admit(const Mapping& mapping, Endpoint remote) const {
  const ExplicitTerms& terms = *terms_of(mapping);
  return terms.filters.empty() ||
         std::ranges::any_of(terms.filters, [&](const RemoteFilter& filter) {
           return filter.admits(to_public(remote));
         });
}

/// RFC 6887 §12.3.
std::expected<SessionRef, ExplicitRefusal> Bindings::peer(Instant now, const PeerRequest& request) {
  const Endpoint inside = endpoint_of(request.inside);
  const Endpoint remote = endpoint_of(request.remote);
  SessionRef session = session_of_inside(request.protocol, inside, remote);
  if (!session) {
    const Mapping* there = mapping_of_inside(request.protocol, inside, remote);
    if (names_other_family(request.suggested) ||
        (there && !fits(request.suggested, there->external)))
      return std::unexpected(ExplicitRefusal::external_unavailable);
    const Endpoint wanted = wish_of(request.suggested);
    const bool exactly = wanted != Endpoint{};
    const auto opened = open(now, request.protocol, inside, remote, {wanted, exactly, false});
    if (!opened) return std::unexpected(explicit_refusal(opened.error(), exactly));
    session = *opened;
  }
  session->was_asked_for = true;
  peers_.at(flow_key(request.protocol, inside, remote)) = {request.nonce, request.until};
  return session;
}

const MappingNonce* Bindings::nonce_of_peer(const Session& session) const {
  const PeerTerms* terms = peers_.find(flow_key(session.protocol, session.inside, session.remote));
  return terms ? &terms->nonce : nullptr;
}

void Bindings::forget_peer(Session& session) {
  if (session.was_asked_for)
    peers_.at(flow_key(session.protocol, session.inside, session.remote)).until = {};
}

}  // namespace stile::nat
