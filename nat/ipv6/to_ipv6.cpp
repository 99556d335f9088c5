#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "nat/ipv6/translation.hpp"
#include "nat/ipv6/transport_checksums.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat {

namespace {

using Pieces = std::vector<ByteVector>;

constexpr std::uint8_t protocol_to_ipv6(std::uint8_t protocol) {
  return protocol == ip_protocol::icmp ? ipv6_header::icmpv6 : protocol;
}

std::optional<IpEnds> ends_of(const Ipv4View& packet, AddressMapper& addresses, End source) {
  const auto from = addresses.to_ipv6(packet.source(), source);
  const auto to = addresses.to_ipv6(packet.destination(), other(source));
  if (!from || !to) return std::nullopt;
  return IpEnds{packet.source(), packet.destination(), *from, *to};
}

Ipv6Fields fields_of(const Ipv4View& packet, const IpEnds& ends) {
  Ipv6Fields fields{ends.source6, ends.destination6, protocol_to_ipv6(packet.protocol()),
                    packet.ttl(), packet.tos(),      std::nullopt};
  if (packet.is_fragment())
    fields.fragment = Ipv6FragmentHeader{packet.fragment_offset(), packet.more_fragments(),
                                         packet.identification()};
  return fields;
}

/// RFC 7915 §4.3: the packet in error is translated once, TTL and lengths as they are.
std::expected<ByteVector, Untranslatable> quoted_to_ipv6(const Ipv4View& quoted,
                                                         AddressMapper& addresses, End source) {
  const auto ends = ends_of(quoted, addresses, source);
  if (!ends) return std::unexpected(Untranslatable::address);
  ByteVector transport = copy_of(quoted.payload());
  if (quoted.fragment_offset() == 0) {
    if (quoted.protocol() == ip_protocol::icmp) {
      const auto icmp = IcmpPacket::parse(MutableBytes(transport));
      if (!icmp || icmp->is_error()) return std::unexpected(Untranslatable::icmp_type);
      const auto head = icmp_to_ipv6({icmp->type(), icmp->code(), 0}, {}, 0);
      if (!head) return std::unexpected(Untranslatable::icmp_type);
      transport[0] = head->type;
      transport[1] = head->code;
    } else {
      mend_transport_checksum(quoted.protocol(), transport, change_to_ipv6(*ends));
    }
  }
  const std::size_t whole = quoted.total_length() - quoted.header_length();
  return make_ipv6_quote(fields_of(quoted, *ends), transport, whole);
}

/// Head, quote and, behind a whole number of 8 bytes, extensions (RFC 4884 §4.4).
std::expected<ByteVector, Untranslatable> error_to_ipv6(const IcmpView& icmp,
                                                        AddressMapper& addresses, End source,
                                                        const TranslationConfig& config) {
  const Bytes in_error = icmp.quoted_datagram();
  const auto quoted = Ipv4View::parse_quoted(in_error);
  if (!quoted) return std::unexpected(Untranslatable::malformed);
  const auto head = icmp_to_ipv6({icmp.type(), icmp.code(), load_u32(icmp.bytes().data() + 4)},
                                 config.mtus, quoted->total_length());
  if (!head) return std::unexpected(Untranslatable::icmp_type);
  auto quote = quoted_to_ipv6(*quoted, addresses, other(source));
  if (!quote) return quote;
  return make_icmpv6_message(*head, *quote, icmp.payload().subspan(in_error.size()));
}

std::expected<ByteVector, Untranslatable> icmp_to_ipv6_message(const Ipv4View& packet,
                                                               AddressMapper& addresses, End source,
                                                               const TranslationConfig& config) {
  if (packet.is_fragment()) return std::unexpected(Untranslatable::icmp_fragment);
  const auto icmp = IcmpView::parse(packet.payload());
  if (!icmp || !icmp->checksum_is_right()) return std::unexpected(Untranslatable::malformed);
  if (icmp->is_error()) return error_to_ipv6(*icmp, addresses, source, config);
  const auto head =
      icmp_to_ipv6({icmp->type(), icmp->code(), load_u32(icmp->bytes().data() + 4)}, {}, 0);
  if (!head) return std::unexpected(Untranslatable::icmp_type);
  return make_icmpv6_message(*head, icmp->payload(), {});
}

/// RFC 7915 §4.5: IPv6 has no UDP without a checksum, so one is computed where all of it is there.
std::expected<ByteVector, Untranslatable> transport_to_ipv6(const Ipv4View& packet,
                                                            const IpEnds& ends) {
  ByteVector transport = copy_of(packet.payload());
  if (packet.fragment_offset() != 0) return transport;
  mend_transport_checksum(packet.protocol(), transport, change_to_ipv6(ends));
  if (packet.protocol() != ip_protocol::udp) return transport;
  const auto udp = UdpView::parse(Bytes(transport));
  if (!udp) return std::unexpected(Untranslatable::malformed);
  if (udp->checksum() != 0) return transport;
  // Who has state puts the fragments together first: see ZeroChecksumReassembly.
  if (packet.is_fragment()) return std::unexpected(Untranslatable::zero_checksum);
  store_icmpv6_or_udp_checksum(ends.source6, ends.destination6, ip_protocol::udp, transport, 6);
  return transport;
}

}  // namespace

std::expected<Pieces, Untranslatable> translate_to_ipv6(const Ipv4View& packet,
                                                        AddressMapper& addresses, End source,
                                                        const TranslationConfig& config) {
  const auto ends = ends_of(packet, addresses, source);
  if (!ends) return std::unexpected(Untranslatable::address);
  const bool is_icmp = packet.protocol() == ip_protocol::icmp;
  auto transport = is_icmp ? icmp_to_ipv6_message(packet, addresses, source, config)
                           : transport_to_ipv6(packet, *ends);
  if (!transport) return std::unexpected(transport.error());
  if (is_icmp)
    store_icmpv6_or_udp_checksum(ends->source6, ends->destination6, ipv6_header::icmpv6, *transport,
                                 2);
  const Ipv6Fields fields = fields_of(packet, *ends);
  const bool must_stay_whole = packet.dont_fragment() && !packet.is_fragment();
  const std::size_t mtu = must_stay_whole ? config.mtus.ipv6 : config.lowest_ipv6_mtu;
  return make_ipv6_pieces(fields, *transport, mtu, packet.identification());
}

}  // namespace stile::nat
