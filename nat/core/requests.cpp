#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

Endpoint endpoint_of(const TransportAddress& address) {
  return {address.ip.v4_bits(), address.port};
}

}  // namespace

std::expected<RequestedMapping, ExplicitRefusal> Nat::Core::map(Instant now,
                                                                const MapRequest& request) {
  advance(now);
  const auto mapped = bindings_.map(now_, request);
  if (!mapped) return std::unexpected(mapped.error());
  return requested(**mapped);
}

bool Nat::Core::unmap(Instant now, Protocol protocol, Endpoint inside) {
  advance(now);
  return bindings_.unmap(now_, protocol, inside);
}

/// RFC 6887 §12.3: made as the first packet would have made it, then prolonged.
std::expected<RequestedPeer, ExplicitRefusal> Nat::Core::peer(Instant now,
                                                              const PeerRequest& request) {
  advance(now);
  const auto opened = bindings_.peer(now_, request);
  if (!opened) return std::unexpected(opened.error());
  const SessionRef session = *opened;
  const bool is_new = session->deadline <= now_;
  const Duration timeout = request.protocol == Protocol::tcp
                               ? config_.tcp_opening_timeout
                               : idle_timeout(request.protocol, session->remote);
  bindings_.set_deadline(session, is_new ? now_ + timeout : session->deadline);
  return RequestedPeer{to_public(session->external), session->deadline};
}

RequestedMapping Nat::Core::requested(const Mapping& mapping) const {
  const ExplicitTerms* terms = bindings_.terms_of(mapping);
  MappingInfo info = bindings_.info_of(mapping);
  info.is_explicit = terms != nullptr;
  return {info, terms ? *terms : ExplicitTerms{}};
}

std::optional<IpAddress> Nat::Core::external_of(IpAddress inside) const {
  if (const auto own = static_.external_of(inside.v4_bits())) return IpAddress::v4(*own);
  const std::uint32_t shared = bindings_.external_address_for(inside.v4_bits());
  return shared != 0 ? std::optional(IpAddress::v4(shared)) : std::nullopt;
}

std::optional<IpAddress> Nat::external_of(IpAddress inside) const {
  return core_->external_of(inside);
}

/// Limit: of a mapping with more sessions than this, the longest time that they can have left
/// stands for them. RFC 6887 §15 wants no less.
Instant Nat::Core::idle_until(Protocol protocol, Endpoint inside) const {
  constexpr std::size_t most_looked_at = 4096;
  const Mapping* mapping = bindings_.unscoped_mapping(protocol, inside);
  if (!mapping) return {};
  if (!config_.has_sessions(protocol)) return mapping->kept_until;
  if (mapping->sessions == 0) return {};
  if (const auto last = bindings_.last_deadline_of(*mapping, most_looked_at)) return *last;
  return now_ + (protocol == Protocol::tcp ? config_.tcp_established_timeout : config_.udp_timeout);
}

std::expected<RequestedMapping, ExplicitRefusal> Nat::map(Instant now, const MapRequest& request) {
  return core_->map(now, request);
}

bool Nat::unmap(Instant now, Protocol protocol, TransportAddress inside) {
  return core_->unmap(now, protocol, endpoint_of(inside));
}

std::expected<RequestedPeer, ExplicitRefusal> Nat::peer(Instant now, const PeerRequest& request) {
  return core_->peer(now, request);
}

std::optional<RequestedMapping> Nat::mapping_of_inside(Protocol protocol,
                                                       TransportAddress inside) const {
  const Mapping* mapping = core_->bindings().unscoped_mapping(protocol, endpoint_of(inside));
  return mapping ? std::optional(core_->requested(*mapping)) : std::nullopt;
}

std::optional<RequestedMapping> Nat::mapping_of_external(Protocol protocol,
                                                         TransportAddress external) const {
  const Mapping* mapping = core_->bindings().mapping_of_external(protocol, endpoint_of(external));
  return mapping ? std::optional(core_->requested(*mapping)) : std::nullopt;
}

std::optional<Nat::PeerState> Nat::peer_of(Protocol protocol, TransportAddress inside,
                                           TransportAddress remote) const {
  const SessionRef session =
      core_->bindings().session_of_inside(protocol, endpoint_of(inside), endpoint_of(remote));
  if (!session) return std::nullopt;
  const MappingNonce* nonce = core_->bindings().nonce_of_peer(*session);
  return PeerState{nonce ? std::optional(*nonce) : std::nullopt, session->deadline};
}

Instant Nat::idle_until(Protocol protocol, TransportAddress inside) const {
  return core_->idle_until(protocol, endpoint_of(inside));
}

std::size_t Nat::explicit_count() const {
  return core_->bindings().explicit_count();
}

void Nat::for_each_explicit(const std::function<void(const RequestedMapping&)>& visit) const {
  core_->bindings().mappings().for_each([&](std::uint32_t, const Mapping& mapping) {
    if (mapping.has_terms) visit(core_->requested(mapping));
  });
}

}  // namespace stile::nat
