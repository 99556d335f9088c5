#include <algorithm>

#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "nat/ipv6/translation.hpp"
#include "nat/ipv6/transport_checksums.hpp"
#include "nat/packet/builder.hpp"

namespace stile::nat {

namespace {

/// RFC 7915 §5.1: what is longer must not be fragmented, for IPv6 hosts know their path's MTU.
constexpr std::size_t longest_fragmentable = 1260;

constexpr std::uint8_t protocol_to_ipv4(std::uint8_t protocol) {
  return protocol == ipv6_header::icmpv6 ? ip_protocol::icmp : protocol;
}

std::optional<IpEnds> ends_of(const Ipv6View& packet, AddressMapper& addresses, End source) {
  const auto from = addresses.to_ipv4(packet.source(), source);
  const auto to = addresses.to_ipv4(packet.destination(), other(source));
  if (!from || !to) return std::nullopt;
  return IpEnds{*from, *to, packet.source(), packet.destination()};
}

ByteVector make_packet(const Ipv6View& packet, const Ipv6Payload& payload, const IpEnds& ends,
                       Bytes transport, std::uint16_t identification) {
  const std::size_t total = Ipv4View::min_header + transport.size();
  const bool is_fragment = payload.fragment.has_value();
  const Ipv4Fields fields{
      .ttl = packet.hop_limit(),
      .tos = packet.traffic_class(),
      .identification = is_fragment ? static_cast<std::uint16_t>(payload.fragment->identification)
                                    : identification,
      .dont_fragment = !is_fragment && total > longest_fragmentable,
      .options = {}};
  ByteVector made = make_ipv4(IpAddress::v4(ends.source4), IpAddress::v4(ends.destination4),
                              protocol_to_ipv4(payload.protocol), transport, fields);
  if (is_fragment)
    Ipv4Packet::parse(made)->set_fragment(payload.fragment->offset, payload.fragment->more);
  return made;
}

struct Quote {
  ByteVector packet;
  std::size_t fragment_header = 0;  ///< length of one that the quoted packet had
};

/// RFC 7915 §5.3: the packet in error is translated once, its hop limit as it is. What was not
/// quoted of it still counts in its length.
std::expected<Quote, Untranslatable> quoted_to_ipv4(const Ipv6View& quoted,
                                                    AddressMapper& addresses, End source) {
  const auto payload = find_payload(quoted);
  if (!payload) return std::unexpected(Untranslatable::malformed);
  const auto ends = ends_of(quoted, addresses, source);
  if (!ends) return std::unexpected(Untranslatable::address);
  const Bytes bytes = quoted.bytes();
  ByteVector transport = copy_of(bytes.subspan(std::min(payload->at, bytes.size())));
  if (payload->is_first()) {
    if (payload->protocol == ipv6_header::icmpv6) {
      if (transport.size() < 8 || is_icmpv6_error(transport[0]))
        return std::unexpected(Untranslatable::icmp_type);
      const auto head = icmp_to_ipv4({transport[0], transport[1], 0}, {}, 0);
      if (!head) return std::unexpected(Untranslatable::icmp_type);
      transport[0] = head->type;
      transport[1] = head->code;
    } else {
      mend_transport_checksum(payload->protocol, transport, change_to_ipv4(*ends));
    }
  }
  Quote quote{make_packet(quoted, *payload, *ends, transport, 0), payload->fragment ? 8u : 0u};
  const std::size_t whole = quoted.total_length() - std::min(payload->at, quoted.total_length());
  const auto made = Ipv4Packet::parse_quoted(MutableBytes(quote.packet));
  made->set_total_length(
      static_cast<std::uint16_t>(std::min<std::size_t>(Ipv4View::min_header + whole, 65535)));
  return quote;
}

/// RFC 4884 §4.4: the quote's length in units of 8 bytes, where there are extensions.
Bytes quote_of(Bytes message) {
  const Bytes data = message.subspan(8);
  const std::uint8_t type = message[0];
  const bool may_be_extended =
      type == icmpv6_type::destination_unreachable || type == icmpv6_type::time_exceeded;
  const std::size_t length = std::size_t{message[4]} * 8;
  if (!may_be_extended || length == 0 || length > data.size()) return data;
  return data.first(length);
}

std::expected<ByteVector, Untranslatable> error_to_ipv4(Bytes message, AddressMapper& addresses,
                                                        End source,
                                                        const TranslationConfig& config) {
  const Bytes in_error = quote_of(message);
  const auto quoted = Ipv6View::parse_quoted(in_error);
  if (!quoted) return std::unexpected(Untranslatable::malformed);
  auto quote = quoted_to_ipv4(*quoted, addresses, other(source));
  if (!quote) return std::unexpected(quote.error());
  const auto head = icmp_to_ipv4({message[0], message[1], load_u32(message.data() + 4)},
                                 config.mtus, quote->fragment_header);
  if (!head) return std::unexpected(Untranslatable::icmp_type);
  return make_icmpv4_message(*head, quote->packet, message.subspan(8 + in_error.size()));
}

std::expected<ByteVector, Untranslatable> icmp_to_ipv4_message(const Ipv6View& packet,
                                                               Bytes message,
                                                               AddressMapper& addresses, End source,
                                                               const TranslationConfig& config) {
  if (message.size() < 8 ||
      transport_checksum(packet.source(), packet.destination(), ipv6_header::icmpv6, message) != 0)
    return std::unexpected(Untranslatable::malformed);
  if (is_icmpv6_error(message[0])) return error_to_ipv4(message, addresses, source, config);
  const auto head = icmp_to_ipv4({message[0], message[1], load_u32(message.data() + 4)}, {}, 0);
  if (!head) return std::unexpected(Untranslatable::icmp_type);
  return make_icmpv4_message(*head, message.subspan(8), {});
}

std::optional<Untranslatable> problem_with(const Ipv6Payload& payload) {
  if (payload.segments_left_at) return Untranslatable::routing_header;
  if (payload.has_header_in_fragment) return Untranslatable::header_in_fragment;
  if (payload.fragment && payload.protocol == ipv6_header::icmpv6)
    return Untranslatable::icmp_fragment;
  return std::nullopt;
}

}  // namespace

std::expected<ByteVector, Untranslatable> translate_to_ipv4(const Ipv6View& packet,
                                                            AddressMapper& addresses, End source,
                                                            const TranslationConfig& config,
                                                            std::uint16_t identification) {
  const auto payload = find_payload(packet);
  if (!payload) return std::unexpected(Untranslatable::malformed);
  if (const auto problem = problem_with(*payload)) return std::unexpected(*problem);
  const auto ends = ends_of(packet, addresses, source);
  if (!ends) return std::unexpected(Untranslatable::address);
  ByteVector transport = copy_of(packet.bytes().subspan(payload->at));
  if (payload->protocol == ipv6_header::icmpv6) {
    auto message = icmp_to_ipv4_message(packet, transport, addresses, source, config);
    if (!message) return message;
    transport = std::move(*message);
  } else if (payload->is_first()) {
    mend_transport_checksum(payload->protocol, transport, change_to_ipv4(*ends));
  }
  return make_packet(packet, *payload, *ends, transport, identification);
}

}  // namespace stile::nat
