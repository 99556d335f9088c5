#include <algorithm>

#include "nat/portmap/server.hpp"

namespace stile::nat::portmap {

using pcp::Result;

namespace {

bool may_change(const RequestedMapping& mapping, const MappingNonce& nonce) {
  return !mapping.info.is_explicit || portmap::may_change(mapping.terms, nonce);
}

}  // namespace

/// RFC 6887 §11.3 and §15.1.
Server::Outcome<Server::Assigned> Server::map(const TransportAddress& inside,
                                              std::uint32_t lifetime_seconds,
                                              const pcp::MapPayload& payload,
                                              const pcp::Options& options) {
  return lifetime_seconds == 0 ? delete_mapping(inside, payload)
                               : make_mapping(inside, lifetime_seconds, payload, options);
}

Server::Outcome<Server::Assigned> Server::make_mapping(const TransportAddress& inside,
                                                       std::uint32_t lifetime_seconds,
                                                       const pcp::MapPayload& payload,
                                                       const pcp::Options& options) {
  const auto protocol = static_cast<Protocol>(payload.protocol);
  const auto there = nat_.mapping_of_inside(protocol, inside);
  if (there && !may_change(*there, payload.nonce))
    return std::unexpected(Failure{Result::not_authorized, seconds_until(there->terms.until)});
  if (const auto fixed = unchanging(inside, protocol)) {
    const bool fits = payload.external == fixed->external;
    if (options.prefer_failure && !fits) return std::unexpected(Result::cannot_provide_external);
    return *fixed;
  }
  if (nat_.config().external.empty()) return std::unexpected(Result::network_failure);

  MapRequest wanted;
  wanted.protocol = protocol;
  wanted.inside = inside;
  wanted.suggested = payload.external;
  wanted.exactly = options.prefer_failure;
  if (there) wanted.terms = there->terms;
  wanted.terms.nonce = payload.nonce;
  // RFC 6887 §15: no shorter than what the host has sent keeps it.
  wanted.terms.until =
      std::max(end_of_lifetime(lifetime_seconds), nat_.idle_until(protocol, inside));
  if (options.removes_filters) wanted.terms.filters.clear();
  wanted.terms.filters.insert(wanted.terms.filters.end(), options.filters.begin(),
                              options.filters.end());
  const auto mapped = nat_.map(now_, wanted);
  if (!mapped) return std::unexpected(pcp::result_of(mapped.error()));
  return Assigned{seconds_until(mapped->terms.until), mapped->info.external};
}

/// RFC 6887 §15.1. What was suggested goes back as it came.
Server::Outcome<Server::Assigned> Server::delete_mapping(const TransportAddress& inside,
                                                         const pcp::MapPayload& payload) {
  const Assigned gone{0, payload.external};
  if (!is_mappable(payload.protocol) || payload.internal_port == 0) return gone;
  const auto protocol = static_cast<Protocol>(payload.protocol);
  if (unchanging(inside, protocol)) return std::unexpected(Result::not_authorized);
  auto there = nat_.mapping_of_inside(protocol, inside);
  if (!there) return gone;
  if (!there->info.is_explicit) return std::unexpected(Result::not_authorized);
  if (!may_change(*there, payload.nonce))
    return std::unexpected(Failure{Result::not_authorized, seconds_until(there->terms.until)});

  // RFC 6887 §15: nobody speeds up what traffic would keep.
  const Instant idle = nat_.idle_until(protocol, inside);
  if (idle <= now_) {
    nat_.unmap(now_, protocol, inside);
    return gone;
  }
  MapRequest shortened;
  shortened.protocol = protocol;
  shortened.inside = inside;
  shortened.terms = std::move(there->terms);
  shortened.terms.until = idle;
  const auto mapped = nat_.map(now_, shortened);
  if (!mapped) return std::unexpected(pcp::result_of(mapped.error()));
  return Assigned{seconds_until(idle), payload.external};
}

/// RFC 6887 §11.3: of a port forwarding, or of a host that has an external address to itself.
std::optional<Server::Assigned> Server::unchanging(const TransportAddress& inside,
                                                   Protocol protocol) const {
  for (const StaticAddress& own : nat_.config().static_addresses)
    if (own.inside == inside.ip) return Assigned{pcp::forever, {own.external, inside.port}};
  const auto there = nat_.mapping_of_inside(protocol, inside);
  if (!there || !there->info.is_forward) return std::nullopt;
  return Assigned{pcp::forever, there->info.external};
}

}  // namespace stile::nat::portmap
