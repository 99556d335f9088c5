#include "nat/core/rewrite.hpp"

#include "nat/packet/checksum.hpp"
#include "nat/packet/crc32c.hpp"

namespace stile::nat {

namespace {

void replace_u16(MutableBytes bytes, std::size_t offset, std::uint16_t value,
                 ChecksumChange& change) {
  if (bytes.size() < offset + 2) return;
  change.replace_u16(load_u16(bytes.data() + offset), value);
  store_u16(bytes.data() + offset, value);
}

void mend_tcp_checksum(MutableBytes bytes, const ChecksumChange& change) {
  constexpr std::size_t offset = 16;
  if (bytes.size() < offset + 2) return;
  std::uint8_t* at = bytes.data() + offset;
  store_u16(at, change.applied_to(load_u16(at)));
}

void mend_icmp_checksum(MutableBytes bytes, const ChecksumChange& change) {
  constexpr std::size_t offset = 2;
  if (bytes.size() < offset + 2) return;
  std::uint8_t* at = bytes.data() + offset;
  store_u16(at, change.nonzero_applied_to(load_u16(at)));
}

/// RFC 768: zero means that there is no checksum; one that comes out as zero is written as all
/// ones.
void mend_udp_checksum(MutableBytes bytes, const ChecksumChange& change) {
  constexpr std::size_t offset = 6;
  if (bytes.size() < offset + 2 || load_u16(bytes.data() + offset) == 0) return;
  std::uint8_t* at = bytes.data() + offset;
  store_u16(at, change.nonzero_applied_to(load_u16(at)));
}

/// RFC 4340 §9.1, RFC 3828 §3.1: ports and addresses are covered, however much of the rest is.
void mend_dccp_checksum(MutableBytes bytes, const ChecksumChange& change) {
  constexpr std::size_t offset = 6;
  if (bytes.size() < offset + 2) return;
  std::uint8_t* at = bytes.data() + offset;
  store_u16(at, change.nonzero_applied_to(load_u16(at)));
}

/// Of the protocols whose checksum covers the addresses.
void mend_checksum(const Ipv4Packet& packet, const ChecksumChange& change) {
  switch (packet.protocol()) {
    case ip_protocol::udp:
      return mend_udp_checksum(packet.payload(), change);
    case ip_protocol::tcp:
      return mend_tcp_checksum(packet.payload(), change);
    case ip_protocol::dccp:
    case ip_protocol::udp_lite:
      return mend_dccp_checksum(packet.payload(), change);
    default:
      return;
  }
}

constexpr bool has_ports(std::uint8_t protocol) {
  return protocol == ip_protocol::udp || protocol == ip_protocol::tcp ||
         protocol == ip_protocol::dccp || protocol == ip_protocol::sctp ||
         protocol == ip_protocol::udp_lite;
}

/// RFC 9260 §6.8: SCTP's checksum covers the ports and no address, and cannot be mended.
/// Limit: of a packet in fragments, or cut short, it is left as it is.
void renew_sctp_checksum(const Ipv4Packet& packet) {
  constexpr std::size_t offset = 8;
  const bool is_whole = !packet.is_fragment() && packet.bytes().size() == packet.total_length();
  if (packet.protocol() != ip_protocol::sctp || !is_whole) return;
  store_u32(packet.payload().data() + offset, 0);
  store_u32(packet.payload().data() + offset, crc32c(packet.payload()));
}

}  // namespace

void rewrite(const Ipv4Packet& packet, const Rewrite& to) {
  const MutableBytes transport = packet.payload();
  ChecksumChange change;
  if (packet.protocol() == ip_protocol::icmp) {
    // RFC 792: the checksum does not cover the addresses.
    replace_u16(transport, 4, to.identifier, change);
    mend_icmp_checksum(transport, change);
    return rewrite_addresses(packet, to.source.address, to.destination.address);
  }
  if (!has_ports(packet.protocol()))
    return rewrite_keeping_ports(packet, to.source.address, to.destination.address);
  change.replace_u32(packet.source(), to.source.address);
  change.replace_u32(packet.destination(), to.destination.address);
  const std::uint32_t ports = transport.size() < 4 ? 0 : load_u32(transport.data());
  replace_u16(transport, 0, to.source.port, change);
  replace_u16(transport, 2, to.destination.port, change);
  mend_checksum(packet, change);
  if (transport.size() >= 12 && load_u32(transport.data()) != ports) renew_sctp_checksum(packet);
  rewrite_addresses(packet, to.source.address, to.destination.address);
}

void rewrite_keeping_ports(const Ipv4Packet& packet, std::uint32_t source,
                           std::uint32_t destination) {
  ChecksumChange change;
  change.replace_u32(packet.source(), source);
  change.replace_u32(packet.destination(), destination);
  if (packet.fragment_offset() == 0) mend_checksum(packet, change);
  rewrite_addresses(packet, source, destination);
}

void rewrite_addresses(const Ipv4Packet& packet, std::uint32_t source, std::uint32_t destination) {
  packet.set_source(source);
  packet.set_destination(destination);
}

}  // namespace stile::nat
