#pragma once

#include "nat/ipv6/firewall.hpp"
#include "nat/portmap/pcp_server.hpp"

namespace stile::nat::portmap {

/// The PCP server of an IPv6 firewall: a mapping is a pinhole, whose external endpoint is the
/// internal one (RFC 6887 §2.2: "firewall"). Pinholes are the Firewall's; nothing is kept of them
/// here.
class PinholeServer final : public PcpServer {
 public:
  /// As PcpServer's. `firewall` outlives the server.
  PinholeServer(Config config, Firewall& firewall, Instant now)
      : PcpServer(std::move(config), Family::ipv6, now), firewall_(firewall) {}

 private:
  Outcome<Assigned> map(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                        const pcp::MapPayload& payload, const pcp::Options& options) override;
  Outcome<Assigned> peer(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                         const pcp::PeerPayload& payload) override;
  Outcome<Assigned> open(const Pinhole& pinhole, std::uint32_t lifetime_seconds,
                         const pcp::MapPayload& payload, const pcp::Options& options);
  Outcome<Assigned> close(const Pinhole& pinhole, const pcp::MapPayload& payload);

  Firewall& firewall_;
};

}  // namespace stile::nat::portmap
