#pragma once

#include "nat/core/nat.hpp"
#include "nat/portmap/pcp_server.hpp"

namespace stile::nat::portmap {

/// RFC 6887 §11.3: for nat::Config::reserved_udp_ports.
inline constexpr std::array<std::uint16_t, 2> own_ports{announcement_port, server_port};

/// The PCP server of a NAT. Mappings are the Nat's; nothing is kept of them here. Endpoints are
/// those that the Nat knows.
class MappingServer : public PcpServer {
 protected:
  using PcpServer::PcpServer;

  // pcp_map.cpp
  Outcome<Assigned> map_at(Nat& nat, const TransportAddress& inside, std::uint32_t lifetime_seconds,
                           const pcp::MapPayload& payload, const pcp::Options& options);
  /// The external endpoint of a port forwarding, or of a host that has an external address to
  /// itself.
  static std::optional<TransportAddress> unchanging(const Nat& nat, const TransportAddress& inside,
                                                    Protocol protocol);

  // pcp_peer.cpp
  Outcome<Assigned> peer_at(Nat& nat, const TransportAddress& inside,
                            std::uint32_t lifetime_seconds, const pcp::PeerPayload& payload);

 private:
  Outcome<Assigned> make_mapping(Nat& nat, const TransportAddress& inside,
                                 std::uint32_t lifetime_seconds, const pcp::MapPayload& payload,
                                 const pcp::Options& options);
  Outcome<Assigned> delete_mapping(Nat& nat, const TransportAddress& inside,
                                   const pcp::MapPayload& payload);
};

}  // namespace stile::nat::portmap
