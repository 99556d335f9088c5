#pragma once

#include "nat/ipv6/nat64.hpp"
#include "nat/portmap/mapping_server.hpp"

namespace stile::nat::portmap {

/// The PCP server of a NAT64 (RFC 6887 §10): its clients, and the peers that these name, have IPv6
/// addresses, and external addresses are IPv4. Who asks is told the prefix (RFC 7225).
class Nat64Server final : public MappingServer {
 public:
  /// As PcpServer's. `nat64` outlives the server.
  Nat64Server(Config config, Nat64& nat64, Instant now)
      : MappingServer(std::move(config), Family::ipv6, now), nat64_(nat64) {}

 private:
  Outcome<Assigned> map(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                        const pcp::MapPayload& payload, const pcp::Options& options) override;
  Outcome<Assigned> peer(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                         const pcp::PeerPayload& payload) override;
  ByteVector further_options(const pcp::Options& options) const override;

  Nat64& nat64_;
};

}  // namespace stile::nat::portmap
