#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

Endpoint endpoint_of(const TransportAddress& address) {
  return {address.ip.v4_bits(), address.port};
}

}  // namespace

/// RFC 6888 REQ-8 and RFC 6887 §8.5 speak of a NAT that loses its state; this one need not.
bool Nat::Core::restore(Instant now, const SessionInfo& info) {
  advance(now);
  if (info.time_left <= Duration::zero()) return false;
  const Endpoint inside = endpoint_of(info.inside);
  const Endpoint remote = endpoint_of(info.remote);
  if (!config_.has_sessions(info.protocol)) {
    const MappingRef mapping =
        bindings_.restore_mapping(now_, info.protocol, inside, endpoint_of(info.external));
    if (mapping) bindings_.age(mapping, std::max(mapping->kept_until, now_ + info.time_left));
    return static_cast<bool>(mapping);
  }
  if (info.remote.ip.is_unspecified()) return false;
  const auto session =
      bindings_.restore(now_, info.protocol, inside, endpoint_of(info.external), remote);
  if (!session) return false;
  if (info.tcp_state) session->tcp = TcpTracking::resumed(*info.tcp_state);
  session->traffic.set(Side::inside, info.outbound);
  session->traffic.set(Side::outside, info.inbound);
  bindings_.set_deadline(session, now_ + info.time_left);
  return true;
}

/// With its mapping, at the same external endpoint or not at all.
SessionRef Bindings::restore(Instant now, Protocol protocol, Endpoint inside, Endpoint external,
                             Endpoint remote) {
  if (session_of_inside(protocol, inside, remote) || !is_external(external.address)) return {};
  const Mapping* there = mapping_of_inside(protocol, inside, remote);
  if (there && Endpoint(there->external) != external) return {};
  const auto opened = open(now, protocol, inside, remote,
                           {.external = external, .exactly = true, .is_restored = true});
  if (!opened) return {};
  if (Endpoint((*opened)->external) == external) return *opened;
  remove_session(opened->number, EndReason::flushed, now);
  return {};
}

MappingRef Bindings::restore_mapping(Instant now, Protocol protocol, Endpoint inside,
                                     Endpoint external) {
  if (!is_external(external.address)) return {};
  const auto opened = open_mapping(now, protocol, inside,
                                   {.external = external, .exactly = true, .is_restored = true});
  return opened && Endpoint((*opened)->external) == external ? *opened : MappingRef{};
}

}  // namespace stile::nat
