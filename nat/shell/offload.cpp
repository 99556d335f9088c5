#include "nat/shell/offload.hpp"

#include <algorithm>
#include <optional>

#include "nat/packet/checksum.hpp"
#include "nat/packet/crc32c.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat::shell {

namespace {

/// Where one packet of the bundle stands in it.
struct Piece {
  std::size_t offset;  ///< of its payload in the bundle's
  std::uint16_t number;
  bool first;
  bool last;
};

/// Where a bundle's headers are; the network header's checksum, if it has one, is not here.
struct Headers {
  std::size_t network = 0;
  std::size_t transport = 0;
  std::uint8_t protocol = 0;

  std::size_t total() const { return network + transport; }
};

/// Nothing if the bundle is none that we know.
std::optional<Headers> headers_of(Bytes transport, std::size_t network, std::uint8_t protocol,
                                  std::uint8_t bundle_type) {
  const unsigned type = bundle_type & ~unsigned{OffloadHeader::ecn_bit};
  const bool is_tcp = type == OffloadHeader::tcp_ipv4 || type == OffloadHeader::tcp_ipv6;
  if (is_tcp && protocol == ip_protocol::tcp) {
    const auto tcp = TcpView::parse(transport);
    return tcp ? std::optional(Headers{network, tcp->header_length(), protocol}) : std::nullopt;
  }
  if (type == OffloadHeader::udp_datagrams && protocol == ip_protocol::udp &&
      transport.size() >= UdpView::header_length)
    return Headers{network, UdpView::header_length, protocol};
  return std::nullopt;
}

std::optional<Headers> headers_of(Bytes packet, std::uint8_t bundle_type) {
  if (const auto ipv4 = Ipv4View::parse(packet); ipv4 && !ipv4->is_fragment())
    return headers_of(ipv4->payload(), ipv4->header_length(), ipv4->protocol(), bundle_type);
  const auto ipv6 = Ipv6View::parse(packet);
  // Limit: a bundle with extension headers is not cut.
  if (!ipv6) return std::nullopt;
  return headers_of(ipv6->payload(), Ipv6View::header_length, ipv6->next_header(), bundle_type);
}

void finish_tcp(MutableBytes segment, const Piece& piece) {
  store_u32(segment.data() + 4,
            load_u32(segment.data() + 4) + static_cast<std::uint32_t>(piece.offset));
  std::uint8_t& flags = segment[13];
  if (!piece.last) flags = static_cast<std::uint8_t>(flags & ~(tcp_flag::fin | tcp_flag::psh));
  if (!piece.first) flags = static_cast<std::uint8_t>(flags & ~tcp_flag::cwr);
}

std::uint16_t checksum_of(MutableBytes packet, const Headers& headers) {
  const Bytes segment = packet.subspan(headers.network);
  if (const auto ipv4 = Ipv4View::parse(packet))
    return transport_checksum(ipv4->source(), ipv4->destination(), headers.protocol, segment);
  const auto ipv6 = Ipv6View::parse(packet);
  return transport_checksum(ipv6->source(), ipv6->destination(), headers.protocol, segment);
}

/// The length is still the bundle's, which is longer, as in a quoted packet.
void finish_network(MutableBytes packet, const Piece& piece) {
  if (const auto ipv4 = Ipv4Packet::parse_quoted(packet)) {
    ipv4->set_total_length(static_cast<std::uint16_t>(packet.size()));
    ipv4->set_identification(static_cast<std::uint16_t>(ipv4->identification() + piece.number));
  } else {
    store_u16(packet.data() + 4,
              static_cast<std::uint16_t>(packet.size() - Ipv6View::header_length));
  }
}

void finish(MutableBytes packet, const Headers& headers, const Piece& piece) {
  finish_network(packet, piece);
  const MutableBytes segment = packet.subspan(headers.network);
  const bool is_tcp = headers.protocol == ip_protocol::tcp;
  if (is_tcp)
    finish_tcp(segment, piece);
  else
    store_u16(segment.data() + 4, static_cast<std::uint16_t>(segment.size()));
  std::uint8_t* checksum = segment.data() + (is_tcp ? TcpView::checksum_at : UdpView::checksum_at);
  store_u16(checksum, 0);
  store_u16(checksum, checksum_of(packet, headers));
  // RFC 768: a UDP checksum that comes out as zero is sent as all ones.
  if (!is_tcp && load_u16(checksum) == 0) store_u16(checksum, 0xffff);
}

/// RFC 9260 §6.8, for a packet that left it at zero.
void complete_open_sctp(MutableBytes segment) {
  constexpr std::size_t header = 12;
  constexpr std::size_t checksum = 8;
  if (segment.size() >= header && load_u32(segment.data() + checksum) == 0)
    store_u32(segment.data() + checksum, crc32c(segment));
}

/// The headers of a packet that a network card may have been left to compute the checksum of.
std::optional<Headers> headers_of(Bytes packet) {
  const auto ipv4 = Ipv4View::parse(packet);
  const auto ipv6 = Ipv6View::parse(packet);
  if (ipv4 && ipv4->is_fragment()) return std::nullopt;
  const Headers headers{ipv4 ? ipv4->header_length() : Ipv6View::header_length, 0,
                        ipv4 ? ipv4->protocol() : ipv6->next_header()};
  const std::size_t left = packet.size() - headers.network;
  if (headers.protocol == ip_protocol::sctp) return headers;
  const bool is_whole = (headers.protocol == ip_protocol::tcp && left >= TcpView::min_header) ||
                        (headers.protocol == ip_protocol::udp && left >= UdpView::header_length);
  return is_whole ? std::optional(headers) : std::nullopt;
}

}  // namespace

void complete_open_checksum(MutableBytes packet) {
  const auto headers = headers_of(packet);
  if (!headers) return;
  if (headers->protocol == ip_protocol::sctp)
    return complete_open_sctp(packet.subspan(headers->network));
  const bool is_tcp = headers->protocol == ip_protocol::tcp;
  std::uint8_t* checksum =
      packet.data() + headers->network + (is_tcp ? TcpView::checksum_at : UdpView::checksum_at);
  if (load_u16(checksum) !=
      pseudo_header_sum(packet, headers->protocol, packet.size() - headers->network))
    return;
  store_u16(checksum, 0);
  store_u16(checksum, checksum_of(packet, *headers));
  if (load_u16(checksum) == 0) store_u16(checksum, 0xffff);
}

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
  const auto headers = headers_of(packet, offload.bundle_type);
  if (!headers || offload.bundle_payload == 0) return {};
  const Bytes payload = packet.subspan(headers->total());
  const std::size_t count = std::max<std::size_t>(
      1, (payload.size() + offload.bundle_payload - 1) / offload.bundle_payload);
  arena_.resize(count * (frame_headroom + headers->total()) + payload.size());

  std::uint8_t* at = arena_.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = i * offload.bundle_payload;
    const Bytes part = payload.subspan(
        offset, std::min<std::size_t>(offload.bundle_payload, payload.size() - offset));
    const MutableBytes segment(at + frame_headroom, headers->total() + part.size());
    std::ranges::copy(packet.first(headers->total()), segment.begin());
    std::ranges::copy(part, segment.begin() + static_cast<std::ptrdiff_t>(headers->total()));
    finish(segment, *headers, {offset, static_cast<std::uint16_t>(i), i == 0, i + 1 == count});
    at += frame_headroom + segment.size();
    segments_.push_back(segment);
  }
  return segments_;
}

}  // namespace stile::nat::shell
