#pragma once

#include "nat/core/endpoint.hpp"
#include "nat/packet/checksum.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat {

/// Whether an address can be neither source nor destination of a packet that is routed (RFC 1812
/// §5.3.7): class D and E, this network, loopback.
constexpr bool is_not_routed(std::uint32_t address) {
  return address >> 28 >= 0xe || address >> 24 == 127 || address >> 24 == 0;
}

/// What most packets are: IPv4 without options, whole, UDP or a TCP segment in the middle of its
/// connection, and nothing wrong with it. Others are none of these, or are judged elsewhere.
class PlainPacket {
 public:
  /// As it came in; of any other kind than a plain one nothing but is_plain() may be asked.
  explicit PlainPacket(MutableBytes bytes) : at_(bytes.data()), size_(bytes.size()) {}

  bool is_plain() const {
    return size_ >= Ipv4View::min_header + UdpView::header_length && at_[0] == 0x45 &&
           length() <= size_ && !is_fragment() && checksum_is_right() &&
           !is_not_routed(source().address) && !is_not_routed(destination().address) &&
           source().port != 0 && destination().port != 0 && has_transport();
  }

  Protocol protocol() const { return static_cast<Protocol>(at_[9]); }
  std::uint8_t ttl() const { return at_[8]; }
  std::uint16_t length() const { return load_u16(at_ + 2); }
  Endpoint source() const { return {load_u32(at_ + 12), load_u16(at_ + 20)}; }
  Endpoint destination() const { return {load_u32(at_ + 16), load_u16(at_ + 22)}; }
  MutableBytes bytes() const { return {at_, length()}; }
  TcpView tcp() const { return *TcpView::parse(Bytes(at_ + 20, length() - 20u)); }

  /// One router further, with another endpoint at one of its ends; mends both checksums (RFC 1624).
  void forward_from(Endpoint source) const { forward(12, 20, source); }
  void forward_to(Endpoint destination) const { forward(16, 22, destination); }

 private:
  bool is_fragment() const { return (load_u16(at_ + 6) & 0x3fff) != 0; }
  /// RFC 791 §3.1; the one's complement sum of 16-bit words is that of 32-bit ones, folded, and is
  /// not zero, as the first word is not.
  bool checksum_is_right() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < Ipv4View::min_header; i += 4) sum += load_u32(at_ + i);
    return sum % 0xffff == 0;
  }
  bool has_transport() const {
    if (protocol() == Protocol::tcp) return has_tcp();
    const std::size_t payload = std::size_t{length()} - Ipv4View::min_header;
    const std::uint16_t of_udp = load_u16(at_ + 24);
    return protocol() == Protocol::udp && length() >= Ipv4View::min_header + of_udp &&
           of_udp >= UdpView::header_length && payload >= UdpView::header_length;
  }
  bool has_tcp() const {
    constexpr std::uint8_t turning_points = tcp_flag::syn | tcp_flag::fin | tcp_flag::rst;
    if (length() < Ipv4View::min_header + TcpView::min_header) return false;
    const std::size_t header = std::size_t{at_[32]} / 16 * 4;
    return header >= TcpView::min_header && Ipv4View::min_header + header <= length() &&
           (at_[33] & turning_points) == 0;
  }

  void forward(std::size_t address_at, std::size_t port_at, Endpoint to) const {
    ChecksumChange addresses;
    addresses.replace_u32(load_u32(at_ + address_at), to.address);
    ChecksumChange header = addresses;
    const std::uint16_t hops = load_u16(at_ + 8);
    header.replace_u16(hops, static_cast<std::uint16_t>(hops - 0x100));
    ChecksumChange transport = addresses;
    transport.replace_u16(load_u16(at_ + port_at), to.port);

    --at_[8];
    store_u16(at_ + 10, header.applied_to(load_u16(at_ + 10)));
    store_u32(at_ + address_at, to.address);
    store_u16(at_ + port_at, to.port);
    mend_transport(transport);
  }
  void mend_transport(const ChecksumChange& change) const {
    std::uint8_t* const at = at_ + (protocol() == Protocol::tcp ? 36 : 26);
    const std::uint16_t before = load_u16(at);
    if (protocol() == Protocol::tcp)
      store_u16(at, change.applied_to(before));
    else if (before != 0)  // RFC 768: the sender made none
      store_u16(at, change.nonzero_applied_to(before));
  }

  std::uint8_t* at_;
  std::size_t size_;
};

}  // namespace stile::nat
