#include "nat/shell/offload.hpp"

#include <algorithm>

#include "nat/packet/checksum.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::uint8_t congestion_window_reduced = 0x80;  // RFC 3168 §6.1
constexpr std::size_t tcp_checksum_offset = 16;
constexpr std::size_t udp_checksum_offset = 6;

/// Where one packet of the bundle stands in it.
struct Piece {
  std::size_t offset;  ///< of its payload in the bundle's
  std::uint16_t number;
  bool first;
  bool last;
};

/// Bytes of the transport header, or 0 if the bundle is none that we know.
std::size_t transport_header_length(const Ipv4View& bundle, std::uint8_t bundle_type) {
  const unsigned type = bundle_type & ~unsigned{OffloadHeader::ecn_bit};
  if (type == OffloadHeader::tcp_ipv4 && bundle.protocol() == ip_protocol::tcp) {
    const auto tcp = TcpView::parse(bundle.payload());
    return tcp ? tcp->header_length() : 0;
  }
  if (type == OffloadHeader::udp_datagrams && bundle.protocol() == ip_protocol::udp)
    return bundle.payload().size() >= UdpView::header_length ? UdpView::header_length : 0;
  return 0;
}

void finish_tcp(MutableBytes segment, const Piece& piece) {
  store_u32(segment.data() + 4,
            load_u32(segment.data() + 4) + static_cast<std::uint32_t>(piece.offset));
  std::uint8_t& flags = segment[13];
  if (!piece.last) flags = static_cast<std::uint8_t>(flags & ~(tcp_flag::fin | tcp_flag::psh));
  if (!piece.first) flags = static_cast<std::uint8_t>(flags & ~congestion_window_reduced);
}

void finish(const Ipv4Packet& packet, const Piece& piece) {
  packet.set_total_length(static_cast<std::uint16_t>(packet.bytes().size()));
  packet.set_identification(static_cast<std::uint16_t>(packet.identification() + piece.number));
  const MutableBytes segment = packet.bytes().subspan(packet.header_length());
  const bool is_tcp = packet.protocol() == ip_protocol::tcp;
  if (is_tcp)
    finish_tcp(segment, piece);
  else
    store_u16(segment.data() + 4, static_cast<std::uint16_t>(segment.size()));
  std::uint8_t* checksum = segment.data() + (is_tcp ? tcp_checksum_offset : udp_checksum_offset);
  store_u16(checksum, 0);
  store_u16(checksum,
            transport_checksum(packet.source(), packet.destination(), packet.protocol(), segment));
  // RFC 768: a UDP checksum that comes out as zero is sent as all ones.
  if (!is_tcp && load_u16(checksum) == 0) store_u16(checksum, 0xffff);
}

}  // namespace

bool complete_checksum(const OffloadHeader& offload, MutableBytes frame) {
  if ((offload.flags & OffloadHeader::needs_checksum) == 0 || is_bundle(offload)) return true;
  const std::size_t field = std::size_t{offload.checksum_start} + offload.checksum_offset;
  if (field + 2 > frame.size()) return false;
  // The field holds the sum of the pseudo header already.
  auto checksum = static_cast<std::uint16_t>(~ones_sum(frame.subspan(offload.checksum_start)));
  if (checksum == 0) checksum = 0xffff;
  store_u16(frame.data() + field, checksum);
  return true;
}

std::span<MutableBytes> Segmenter::cut(const OffloadHeader& offload, Bytes packet) {
  segments_.clear();
  const auto bundle = Ipv4View::parse(packet);
  if (!bundle || bundle->is_fragment() || offload.bundle_payload == 0) return {};
  const std::size_t transport_header = transport_header_length(*bundle, offload.bundle_type);
  if (transport_header == 0) return {};
  const std::size_t headers = bundle->header_length() + transport_header;
  const Bytes payload = bundle->bytes().subspan(headers);
  const std::size_t count = std::max<std::size_t>(
      1, (payload.size() + offload.bundle_payload - 1) / offload.bundle_payload);
  arena_.resize(count * (frame_headroom + headers) + payload.size());

  std::uint8_t* at = arena_.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = i * offload.bundle_payload;
    const Bytes part = payload.subspan(
        offset, std::min<std::size_t>(offload.bundle_payload, payload.size() - offset));
    const MutableBytes segment(at + frame_headroom, headers + part.size());
    std::ranges::copy(bundle->bytes().first(headers), segment.begin());
    std::ranges::copy(part, segment.begin() + static_cast<std::ptrdiff_t>(headers));
    // Its total length is still the bundle's, which is longer, as in a quoted packet.
    finish(*Ipv4Packet::parse_quoted(segment),
           {offset, static_cast<std::uint16_t>(i), i == 0, i + 1 == count});
    at += frame_headroom + segment.size();
    segments_.push_back(segment);
  }
  return segments_;
}

}  // namespace stile::nat::shell
