#include "nat/portmap/pinhole_server.hpp"

#include <algorithm>

namespace stile::nat::portmap {

using pcp::Result;

namespace {

/// Whether what was suggested is what there is; what is zero does not matter.
bool fits(const TransportAddress& suggested, const TransportAddress& inside) {
  const bool address = suggested.ip.is_unspecified() || suggested.ip == inside.ip;
  return address && (suggested.port == 0 || suggested.port == inside.port);
}

}  // namespace

PinholeServer::Outcome<PinholeServer::Assigned> PinholeServer::map(const TransportAddress& inside,
                                                                   std::uint32_t lifetime_seconds,
                                                                   const pcp::MapPayload& payload,
                                                                   const pcp::Options& options) {
  if (!firewall_.config().inside_prefix.contains(inside.ip))
    return std::unexpected(Result::not_authorized);
  const Pinhole pinhole{static_cast<Protocol>(payload.protocol), inside};
  return lifetime_seconds == 0 ? close(pinhole, payload)
                               : open(pinhole, lifetime_seconds, payload, options);
}

/// RFC 6887 §11.3.
PinholeServer::Outcome<PinholeServer::Assigned> PinholeServer::open(const Pinhole& pinhole,
                                                                    std::uint32_t lifetime_seconds,
                                                                    const pcp::MapPayload& payload,
                                                                    const pcp::Options& options) {
  const ExplicitTerms* const there = firewall_.terms_of(pinhole);
  if (there && !may_change(*there, payload.nonce))
    return std::unexpected(Failure{Result::not_authorized, seconds_until(there->until)});
  if (options.prefer_failure && !fits(payload.external, pinhole.inside))
    return std::unexpected(Result::cannot_provide_external);
  if (firewall_.is_fixed(pinhole)) return Assigned{pcp::forever, pinhole.inside};

  ExplicitTerms wanted;
  if (there) wanted = *there;
  wanted.nonce = payload.nonce;
  wanted.until = end_of_lifetime(lifetime_seconds);
  if (options.removes_filters) wanted.filters.clear();
  wanted.filters.insert(wanted.filters.end(), options.filters.begin(), options.filters.end());
  if (const auto refusal = firewall_.open_pinhole(now_, pinhole, wanted))
    return std::unexpected(pcp::result_of(*refusal));
  return Assigned{seconds_until(wanted.until), pinhole.inside};
}

/// RFC 6887 §15.1. What was suggested goes back as it came.
PinholeServer::Outcome<PinholeServer::Assigned> PinholeServer::close(
    const Pinhole& pinhole, const pcp::MapPayload& payload) {
  const Assigned gone{0, payload.external};
  if (firewall_.is_fixed(pinhole)) return std::unexpected(Result::not_authorized);
  const ExplicitTerms* const there = firewall_.terms_of(pinhole);
  if (!there) return gone;
  if (!may_change(*there, payload.nonce))
    return std::unexpected(Failure{Result::not_authorized, seconds_until(there->until)});
  firewall_.close_pinhole(now_, pinhole);
  return gone;
}

/// RFC 6887 §12.3.
PinholeServer::Outcome<PinholeServer::Assigned> PinholeServer::peer(
    const TransportAddress& inside, std::uint32_t lifetime_seconds,
    const pcp::PeerPayload& payload) {
  const IpPrefix& prefix = firewall_.config().inside_prefix;
  if (!prefix.contains(inside.ip)) return std::unexpected(Result::not_authorized);
  if (prefix.contains(payload.remote.ip)) return std::unexpected(Result::malformed_request);
  if (!fits(payload.external, inside)) return std::unexpected(Result::cannot_provide_external);
  const Pinhole from{static_cast<Protocol>(payload.protocol), inside};
  if (const auto there = firewall_.session_of(from, payload.remote))
    if (there->nonce && *there->nonce != payload.nonce)
      return std::unexpected(Failure{Result::not_authorized, seconds_until(there->until)});
  const Duration requested = std::chrono::seconds(lifetime_seconds);
  if (const auto refusal =
          firewall_.keep_session(now_, from, payload.remote,
                                 now_ + std::min(requested, config_.max_lifetime), payload.nonce))
    return std::unexpected(pcp::result_of(*refusal));
  return Assigned{seconds_until(firewall_.session_of(from, payload.remote)->until), inside};
}

}  // namespace stile::nat::portmap
