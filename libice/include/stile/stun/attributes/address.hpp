#pragma once

#include "stile/base/address.hpp"
#include "stile/stun/message_builder.hpp"
#include "stile/stun/message_view.hpp"

namespace stile::stun {

/// RFC 8489 §14.1 MAPPED-ADDRESS:
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |0 0 0 0 0 0 0 0|    Family     |           Port                |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                 Address (32 bits or 128 bits)                 |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
std::expected<TransportAddress, ParseError> parse_address(Bytes value);
void write_address(MessageBuilder& builder, AttributeType type, const TransportAddress& address);

/// RFC 8489 §14.2 XOR-MAPPED-ADDRESS: port and address XORed with the cookie and the transaction
/// id.
std::expected<TransportAddress, ParseError> parse_xor_address(Bytes value, const TransactionId& id);
void write_xor_address(MessageBuilder& builder, AttributeType type,
                       const TransportAddress& address);

template <AttributeType Type>
struct AddressAttribute {
  static constexpr AttributeType type = Type;
  TransportAddress address;
  static std::expected<AddressAttribute, ParseError> parse(Bytes value, const MessageView&) {
    const auto address = parse_address(value);
    if (!address) return std::unexpected(address.error());
    return AddressAttribute{*address};
  }
  void write(MessageBuilder& builder) const { write_address(builder, Type, address); }
};

template <AttributeType Type>
struct XorAddressAttribute {
  static constexpr AttributeType type = Type;
  TransportAddress address;
  static std::expected<XorAddressAttribute, ParseError> parse(Bytes value,
                                                              const MessageView& message) {
    const auto address = parse_xor_address(value, message.transaction_id());
    if (!address) return std::unexpected(address.error());
    return XorAddressAttribute{*address};
  }
  void write(MessageBuilder& builder) const { write_xor_address(builder, Type, address); }
};

using MappedAddress = AddressAttribute<AttributeType::mapped_address>;
using AlternateServer = AddressAttribute<AttributeType::alternate_server>;  // RFC 8489 §14.15
using ResponseOrigin = AddressAttribute<AttributeType::response_origin>;    // RFC 5780 §7.3
using OtherAddress = AddressAttribute<AttributeType::other_address>;        // RFC 5780 §7.4
using SourceAddress = AddressAttribute<AttributeType::source_address>;      // RFC 3489 §11.2.5
using ChangedAddress = AddressAttribute<AttributeType::changed_address>;    // RFC 3489 §11.2.3
using XorMappedAddress = XorAddressAttribute<AttributeType::xor_mapped_address>;
using XorPeerAddress = XorAddressAttribute<AttributeType::xor_peer_address>;  // RFC 8656 §18.3
using XorRelayedAddress =
    XorAddressAttribute<AttributeType::xor_relayed_address>;  // RFC 8656 §18.5

}  // namespace stile::stun
