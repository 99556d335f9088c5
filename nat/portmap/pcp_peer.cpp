#include <algorithm>

#include "nat/portmap/mapping_server.hpp"

namespace stile::nat::portmap {

using pcp::Result;

/// RFC 6887 §12.3.
MappingServer::Outcome<MappingServer::Assigned> MappingServer::peer_at(
    Nat& nat, const TransportAddress& endpoint, std::uint32_t lifetime_seconds,
    const pcp::PeerPayload& payload) {
  const auto protocol = static_cast<Protocol>(payload.protocol);
  if (const auto state = nat.peer_of(protocol, endpoint, payload.remote))
    if (state->nonce && *state->nonce != payload.nonce)
      return std::unexpected(Failure{Result::not_authorized, seconds_until(state->until)});
  for (const StaticAddress& own : nat.config().static_addresses)
    if (own.inside == endpoint.ip)
      return Assigned{pcp::forever, {own.external, payload.internal_port}};
  if (nat.config().external.empty()) return std::unexpected(Result::network_failure);

  const Duration requested = std::chrono::seconds(lifetime_seconds);
  const auto opened =
      nat.peer(now_, {protocol, endpoint, payload.remote, payload.external,
                      now_ + std::min(requested, config_.max_lifetime), payload.nonce});
  if (opened) return Assigned{seconds_until(opened->until), opened->external};
  return std::unexpected(pcp::result_of(opened.error()));
}

}  // namespace stile::nat::portmap
