#pragma once

#include <array>

#include "stile/base/address.hpp"
#include "stile/stun/attributes/primitive.hpp"

namespace stile::stun {

using LifetimeAttribute = U32Attribute<AttributeType::lifetime>;   // RFC 8656 §18.2, seconds
using DontFragment = FlagAttribute<AttributeType::dont_fragment>;  // RFC 8656 §18.9
using DataAttribute = BytesAttribute<AttributeType::data>;         // RFC 8656 §18.4
using MobilityTicket =
    BytesAttribute<AttributeType::mobility_ticket>;  // RFC 8016 §3.3; empty asks for one
using ConnectionId = U32Attribute<AttributeType::connection_id>;  // RFC 6062 §6.2.1

/// RFC 8656 §18.1: 16 bits and 16 reserved bits.
struct ChannelNumberAttribute {
  static constexpr AttributeType type = AttributeType::channel_number;
  std::uint16_t number = 0;
  static std::expected<ChannelNumberAttribute, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 8656 §18.8: an IP protocol number.
struct RequestedTransport {
  static constexpr AttributeType type = AttributeType::requested_transport;
  static constexpr std::uint8_t udp = 17;
  static constexpr std::uint8_t tcp = 6;
  std::uint8_t protocol = udp;
  static std::expected<RequestedTransport, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 8656 §18.6 and §18.11. The wire's family byte is kept: 0x01 IPv4, 0x02 IPv6, other values
/// get 440.
template <AttributeType Type>
struct FamilyAttribute {
  static constexpr AttributeType type = Type;
  std::uint8_t family = 0x01;
  static std::expected<FamilyAttribute, ParseError> parse(Bytes value, const MessageView&) {
    if (value.size() != 4) return std::unexpected(ParseError::attribute_malformed);
    return FamilyAttribute{value[0]};
  }
  void write(MessageBuilder& builder) const {
    if (const MutableBytes out = builder.append(Type, 4); !out.empty()) out[0] = family;
  }
};
using RequestedAddressFamily = FamilyAttribute<AttributeType::requested_address_family>;
using AdditionalAddressFamily = FamilyAttribute<AttributeType::additional_address_family>;

constexpr std::uint8_t wire_family(Family family) {
  return family == Family::ipv4 ? 0x01 : 0x02;
}

/// RFC 8656 §18.7: the R bit asks to reserve the next port too.
struct EvenPort {
  static constexpr AttributeType type = AttributeType::even_port;
  bool reserve_next = false;
  static std::expected<EvenPort, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 8656 §18.10: 8 bytes.
struct ReservationToken {
  static constexpr AttributeType type = AttributeType::reservation_token;
  std::array<std::uint8_t, 8> token{};
  static std::expected<ReservationToken, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 8656 §18.13: an ICMP error about a relayed datagram.
///
/// Interop: the figure there has 7 bits for the type, too few for ICMPv6, and 9 for the code. Here
/// both have 8, as in ICMP itself and in turn-proto.
struct Icmp {
  static constexpr AttributeType type = AttributeType::icmp;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint32_t error_data = 0;
  static std::expected<Icmp, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

}  // namespace stile::stun
