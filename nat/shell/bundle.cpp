#include "nat/shell/bundle.hpp"

#include <algorithm>

#include "nat/packet/checksum.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t largest_bundle = 65'535;
constexpr std::uint8_t only_in_the_last = tcp_flag::psh | tcp_flag::fin;

/// A TCP segment or UDP datagram that may be a piece of a bundle.
class Piece {
 public:
  /// Nothing if it may not.
  static std::optional<Piece> parse(Bytes packet) {
    Piece piece;
    piece.packet_ = packet;
    if (const auto ipv4 = Ipv4View::parse(packet)) {
      if (ipv4->is_fragment() || ipv4->total_length() != packet.size()) return std::nullopt;
      piece.network_ = ipv4->header_length();
      piece.is_tcp_ = ipv4->protocol() == ip_protocol::tcp;
      return piece.with_transport(ipv4->protocol());
    }
    const auto ipv6 = Ipv6View::parse(packet);
    if (!ipv6 || ipv6->total_length() != packet.size()) return std::nullopt;
    piece.network_ = Ipv6View::header_length;
    piece.is_tcp_ = ipv6->next_header() == ip_protocol::tcp;
    return piece.with_transport(ipv6->next_header());
  }

  bool is_tcp() const { return is_tcp_; }
  bool is_v4() const { return packet_[0] >> 4 == 4; }
  std::size_t network() const { return network_; }
  std::size_t headers() const { return network_ + transport_; }
  Bytes payload() const { return packet_.subspan(headers()); }
  std::uint8_t tcp_flags() const { return is_tcp_ ? packet_[network_ + 13] : std::uint8_t{0}; }

  /// Whether it may come `number` pieces behind the first one, with `offset` bytes of payload
  /// between their beginnings.
  bool follows(const Piece& first, std::size_t number, std::size_t offset) const {
    if (network_ != first.network_ || transport_ != first.transport_ || is_tcp_ != first.is_tcp_ ||
        packet_[0] != first.packet_[0])
      return false;
    return follows_in_network(first, number) &&
           (is_tcp_ ? follows_in_tcp(first, offset) : has_same(first, network_, 4));
  }

 private:
  std::optional<Piece> with_transport(std::uint8_t protocol) {
    const Bytes transport = packet_.subspan(network_);
    if (protocol == ip_protocol::tcp) {
      const auto tcp = TcpView::parse(transport);
      if (!tcp || (tcp->flags() & ~(only_in_the_last | tcp_flag::cwr)) != tcp_flag::ack)
        return std::nullopt;
      transport_ = tcp->header_length();
    } else {
      const bool is_plain_udp = protocol == ip_protocol::udp &&
                                transport.size() >= UdpView::header_length &&
                                load_u16(&transport[4]) == transport.size() &&
                                load_u16(&transport[UdpView::checksum_at]) != 0;
      if (!is_plain_udp) return std::nullopt;
      transport_ = UdpView::header_length;
    }
    return payload().empty() ? std::nullopt : std::optional(*this);
  }

  bool has_same(const Piece& other, std::size_t from, std::size_t size) const {
    return std::ranges::equal(packet_.subspan(from, size), other.packet_.subspan(from, size));
  }
  bool follows_in_network(const Piece& first, std::size_t number) const {
    if (!is_v4()) return has_same(first, 0, 4) && has_same(first, 6, 34);
    return has_same(first, 0, 2) && has_same(first, 6, 4) && has_same(first, 12, network_ - 12) &&
           load_u16(&packet_[4]) ==
               static_cast<std::uint16_t>(load_u16(&first.packet_[4]) + number);
  }
  bool follows_in_tcp(const Piece& first, std::size_t offset) const {
    const std::uint32_t sequence =
        load_u32(&first.packet_[network_ + 4]) + static_cast<std::uint32_t>(offset);
    return load_u32(&packet_[network_ + 4]) == sequence && has_same(first, network_, 4) &&
           has_same(first, network_ + 8, 5) && has_same(first, network_ + 14, 2) &&
           has_same(first, network_ + 18, transport_ - 18) && (tcp_flags() & tcp_flag::cwr) == 0;
  }

  Bytes packet_;
  std::size_t network_ = 0;
  std::size_t transport_ = 0;
  bool is_tcp_ = false;
};

}  // namespace

std::size_t bundle_length(std::span<const MutableBytes> packets) {
  const auto first = Piece::parse(packets.front());
  if (!first) return 1;
  std::size_t total = packets.front().size();
  std::size_t count = 1;
  for (bool ended = (first->tcp_flags() & only_in_the_last) != 0; count < packets.size() && !ended;
       ++count) {
    const auto next = Piece::parse(packets[count]);
    if (!next || next->payload().size() > first->payload().size() ||
        total + next->payload().size() > largest_bundle ||
        !next->follows(*first, count, total - first->headers()))
      break;
    total += next->payload().size();
    ended = next->payload().size() < first->payload().size() ||
            (next->tcp_flags() & only_in_the_last) != 0;
  }
  return count;
}

OffloadHeader write_bundle_headers(std::span<const MutableBytes> packets) {
  const MutableBytes packet = packets.front();
  const Piece first = *Piece::parse(packet);
  const Piece last = *Piece::parse(packets.back());
  std::size_t total = first.headers();
  for (const MutableBytes each : packets) total += each.size() - first.headers();

  OffloadHeader offload;
  offload.flags = OffloadHeader::needs_checksum;
  offload.bundle_type = OffloadHeader::udp_datagrams;
  if (first.is_tcp())
    offload.bundle_type = first.is_v4() ? OffloadHeader::tcp_ipv4 : OffloadHeader::tcp_ipv6;
  if ((first.tcp_flags() & tcp_flag::cwr) != 0) offload.bundle_type |= OffloadHeader::ecn_bit;
  offload.header_length = static_cast<std::uint16_t>(ethernet_header + first.headers());
  offload.bundle_payload = static_cast<std::uint16_t>(first.payload().size());
  offload.checksum_start = static_cast<std::uint16_t>(ethernet_header + first.network());
  offload.checksum_offset = first.is_tcp() ? TcpView::checksum_at : UdpView::checksum_at;

  const std::size_t length = total - first.network();
  std::uint8_t* const transport = packet.data() + first.network();
  if (first.is_tcp())
    transport[13] |= last.tcp_flags() & only_in_the_last;
  else
    store_u16(transport + 4, static_cast<std::uint16_t>(length));
  store_u16(
      transport + offload.checksum_offset,
      pseudo_header_sum(packet, first.is_tcp() ? ip_protocol::tcp : ip_protocol::udp, length));
  if (first.is_v4()) {
    store_u16(packet.data() + 2, static_cast<std::uint16_t>(total));
    store_u16(packet.data() + 10, 0);
    store_u16(packet.data() + 10, internet_checksum(packet.first(first.network())));
  } else {
    store_u16(packet.data() + 4, static_cast<std::uint16_t>(length));
  }
  return offload;
}

Bytes payload_in_bundle(Bytes packet) {
  return Piece::parse(packet)->payload();
}

}  // namespace stile::nat::shell
