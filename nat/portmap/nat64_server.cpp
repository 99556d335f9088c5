#include "nat/portmap/nat64_server.hpp"

namespace stile::nat::portmap {

using pcp::Result;

/// A FILTER names peers as the client sees them (RFC 6887 §10).
Nat64Server::Outcome<Nat64Server::Assigned> Nat64Server::map(const TransportAddress& inside,
                                                             std::uint32_t lifetime_seconds,
                                                             const pcp::MapPayload& payload,
                                                             const pcp::Options& options) {
  pcp::Options translated = options;
  for (RemoteFilter& filter : translated.filters) {
    const auto actual = nat64_.config().prefix.extract(filter.prefix);
    if (!actual) return std::unexpected(Result::malformed_option);
    filter.prefix = *actual;
  }
  const auto mapped = nat64_.request(now_, inside, [&](Nat& nat, const TransportAddress& endpoint) {
    return map_at(nat, endpoint, lifetime_seconds, payload, translated);
  });
  return mapped ? *mapped : std::unexpected(Failure(Result::no_resources));
}

Nat64Server::Outcome<Nat64Server::Assigned> Nat64Server::peer(const TransportAddress& inside,
                                                              std::uint32_t lifetime_seconds,
                                                              const pcp::PeerPayload& payload) {
  const Prefix64& prefix = nat64_.config().prefix;
  const auto remote = prefix.extract(payload.remote.ip);
  // What the NAT64 would not forward to is no peer.
  if (!remote || (prefix.is_well_known() && !is_global(*remote)))
    return std::unexpected(Result::malformed_request);
  pcp::PeerPayload translated = payload;
  translated.remote.ip = IpAddress::v4(*remote);
  if (!is_peer(translated.remote, Family::ipv4)) return std::unexpected(Result::malformed_request);
  const auto opened = nat64_.request(now_, inside, [&](Nat& nat, const TransportAddress& endpoint) {
    return peer_at(nat, endpoint, lifetime_seconds, translated);
  });
  return opened ? *opened : std::unexpected(Failure(Result::no_resources));
}

/// RFC 7225 §4.2.
ByteVector Nat64Server::further_options(const pcp::Options& options) const {
  if (!options.asks_prefix64) return {};
  return pcp::make_prefix64_option(nat64_.config().prefix.prefix());
}

}  // namespace stile::nat::portmap
