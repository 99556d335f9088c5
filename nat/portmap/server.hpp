#pragma once

#include "nat/core/nat.hpp"
#include "nat/portmap/pcp_server.hpp"

namespace stile::nat::portmap {

/// RFC 6887 §11.3: for nat::Config::reserved_udp_ports.
inline constexpr std::array<std::uint16_t, 2> own_ports{announcement_port, server_port};

/// The PCP and NAT-PMP server of a NAT (RFC 6887, RFC 6886). Mappings are the Nat's; nothing is
/// kept of them here.
class Server final : public PcpServer {
 public:
  /// As PcpServer's. `nat` outlives the Server.
  Server(Config config, Nat& nat, Instant now);

 private:
  struct NatPmpMapping {
    Protocol protocol = Protocol::udp;
    TransportAddress inside;
    std::uint16_t suggested_port = 0;
    std::uint32_t lifetime_seconds = 0;
  };

  std::optional<ByteVector> answer(const TransportAddress& client, Bytes datagram) override;
  void announce() override;

  // pcp_map.cpp
  Outcome<Assigned> map(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                        const pcp::MapPayload& payload, const pcp::Options& options) override;
  Outcome<Assigned> make_mapping(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                                 const pcp::MapPayload& payload, const pcp::Options& options);
  Outcome<Assigned> delete_mapping(const TransportAddress& inside, const pcp::MapPayload& payload);
  std::optional<Assigned> unchanging(const TransportAddress& inside, Protocol protocol) const;

  // pcp_peer.cpp
  Outcome<Assigned> peer(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                         const pcp::PeerPayload& payload) override;

  // nat_pmp.cpp
  std::optional<ByteVector> handle_nat_pmp(const TransportAddress& client, Bytes datagram);
  ByteVector external_address(const IpAddress& client) const;
  ByteVector map_by_nat_pmp(const IpAddress& client, Bytes datagram);
  std::uint16_t create_by_nat_pmp(NatPmpMapping& mapping);
  std::uint16_t delete_by_nat_pmp(const NatPmpMapping& mapping);
  std::uint16_t delete_all_by_nat_pmp(const NatPmpMapping& mapping);
  bool has_forward(const IpAddress& inside, Protocol protocol) const;
  ByteVector nat_pmp_header(std::uint8_t opcode, std::uint16_t result, std::size_t size) const;

  Nat& nat_;
};

}  // namespace stile::nat::portmap
