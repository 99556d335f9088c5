#include <algorithm>

#include "nat/portmap/mapping_server.hpp"

namespace stile::nat::portmap {

using pcp::Result;

namespace {

bool may_change(const RequestedMapping& mapping, const MappingNonce& nonce) {
  return !mapping.info.is_explicit || portmap::may_change(mapping.terms, nonce);
}

}  // namespace

/// RFC 6887 §11.3 and §15.1.
MappingServer::Outcome<MappingServer::Assigned> MappingServer::map_at(
    Nat& nat, const TransportAddress& inside, std::uint32_t lifetime_seconds,
    const pcp::MapPayload& payload, const pcp::Options& options) {
  return lifetime_seconds == 0 ? delete_mapping(nat, inside, payload)
                               : make_mapping(nat, inside, lifetime_seconds, payload, options);
}

MappingServer::Outcome<MappingServer::Assigned> MappingServer::make_mapping(
    Nat& nat, const TransportAddress& inside, std::uint32_t lifetime_seconds,
    const pcp::MapPayload& payload, const pcp::Options& options) {
  const auto protocol = static_cast<Protocol>(payload.protocol);
  const auto there = nat.mapping_of_inside(protocol, inside);
  if (there && !may_change(*there, payload.nonce))
    return std::unexpected(Failure{Result::not_authorized, seconds_until(there->terms.until)});
  if (const auto fixed = unchanging(nat, inside, protocol)) {
    const bool fits = payload.external == *fixed;
    if (options.prefer_failure && !fits) return std::unexpected(Result::cannot_provide_external);
    return Assigned{pcp::forever, *fixed};
  }
  if (nat.config().external.empty()) return std::unexpected(Result::network_failure);

  MapRequest wanted;
  wanted.protocol = protocol;
  wanted.inside = inside;
  wanted.suggested = payload.external;
  wanted.exactly = options.prefer_failure;
  if (there) wanted.terms = there->terms;
  wanted.terms.nonce = payload.nonce;
  // RFC 6887 §15: no shorter than what the host has sent keeps it.
  wanted.terms.until =
      std::max(end_of_lifetime(lifetime_seconds), nat.idle_until(protocol, inside));
  if (options.removes_filters) wanted.terms.filters.clear();
  wanted.terms.filters.insert(wanted.terms.filters.end(), options.filters.begin(),
                              options.filters.end());
  const auto mapped = nat.map(now_, wanted);
  if (!mapped) return std::unexpected(pcp::result_of(mapped.error()));
  return Assigned{seconds_until(mapped->terms.until), mapped->info.external};
}

/// RFC 6887 §15.1. What was suggested goes back as it came.
MappingServer::Outcome<MappingServer::Assigned> MappingServer::delete_mapping(
    Nat& nat, const TransportAddress& inside, const pcp::MapPayload& payload) {
  const Assigned gone{0, payload.external};
  if (!is_mappable(payload.protocol) || payload.internal_port == 0) return gone;
  const auto protocol = static_cast<Protocol>(payload.protocol);
  if (unchanging(nat, inside, protocol)) return std::unexpected(Result::not_authorized);
  auto there = nat.mapping_of_inside(protocol, inside);
  if (!there) return gone;
  if (!there->info.is_explicit) return std::unexpected(Result::not_authorized);
  if (!may_change(*there, payload.nonce))
    return std::unexpected(Failure{Result::not_authorized, seconds_until(there->terms.until)});

  // RFC 6887 §15: nobody speeds up what traffic would keep.
  const Instant idle = nat.idle_until(protocol, inside);
  if (idle <= now_) {
    nat.unmap(now_, protocol, inside);
    return gone;
  }
  MapRequest shortened;
  shortened.protocol = protocol;
  shortened.inside = inside;
  shortened.terms = std::move(there->terms);
  shortened.terms.until = idle;
  const auto mapped = nat.map(now_, shortened);
  if (!mapped) return std::unexpected(pcp::result_of(mapped.error()));
  return Assigned{seconds_until(idle), payload.external};
}

/// RFC 6887 §11.3.
std::optional<TransportAddress> MappingServer::unchanging(const Nat& nat,
                                                          const TransportAddress& inside,
                                                          Protocol protocol) {
  for (const StaticAddress& own : nat.config().static_addresses)
    if (own.inside == inside.ip) return TransportAddress{own.external, inside.port};
  const auto there = nat.mapping_of_inside(protocol, inside);
  if (!there || !there->info.is_forward) return std::nullopt;
  return there->info.external;
}

}  // namespace stile::nat::portmap
