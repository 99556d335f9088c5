#pragma once

#include "nat/portmap/mapping_server.hpp"

namespace stile::nat::portmap {

/// The PCP and NAT-PMP server of a NAT (RFC 6887, RFC 6886).
class Server final : public MappingServer {
 public:
  /// As PcpServer's. `nat` outlives the server.
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

  Outcome<Assigned> map(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                        const pcp::MapPayload& payload, const pcp::Options& options) override {
    return map_at(nat_, inside, lifetime_seconds, payload, options);
  }
  Outcome<Assigned> peer(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                         const pcp::PeerPayload& payload) override {
    return peer_at(nat_, inside, lifetime_seconds, payload);
  }

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
