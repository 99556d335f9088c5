#include "nat/packet/segment_size.hpp"

#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/packet/tcp.hpp"

namespace stile::nat {

namespace {

/// Empty if the packet does not begin with a TCP header.
MutableBytes tcp_segment_of(MutableBytes packet) {
  if (const auto ipv4 = Ipv4Packet::parse(packet)) {
    const bool is_tcp = ipv4->protocol() == ip_protocol::tcp && ipv4->fragment_offset() == 0;
    return is_tcp ? ipv4->payload() : MutableBytes{};
  }
  const auto ipv6 = Ipv6View::parse(packet);
  const auto payload = ipv6 ? find_payload(*ipv6) : std::nullopt;
  if (!payload || payload->protocol != ip_protocol::tcp || !payload->is_first()) return {};
  return packet.first(ipv6->total_length()).subspan(payload->at);
}

}  // namespace

bool limit_segment_size(MutableBytes packet, std::uint16_t largest) {
  const MutableBytes segment = tcp_segment_of(packet);
  const auto tcp = TcpView::parse(segment);
  if (!tcp || !tcp->has(tcp_flag::syn)) return false;
  const Bytes option = tcp->option(tcp_option::maximum_segment_size);
  if (option.size() != 4 || load_u16(option.data() + 2) <= largest) return false;

  const auto begin = static_cast<std::size_t>(option.data() - segment.data());
  std::uint8_t* const size = segment.data() + begin + 2;
  ChecksumChange change;
  // A checksum is made of pairs of bytes, and options begin anywhere.
  const bool is_aligned = begin % 2 == 0;
  const auto as_summed = [is_aligned](std::uint16_t value) {
    return is_aligned ? value : static_cast<std::uint16_t>(value << 8 | value >> 8);
  };
  change.replace_u16(as_summed(load_u16(size)), as_summed(largest));
  store_u16(size, largest);
  std::uint8_t* const checksum = segment.data() + 16;
  store_u16(checksum, change.applied_to(tcp->checksum()));
  return true;
}

}  // namespace stile::nat
