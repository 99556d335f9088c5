#pragma once

#include <string_view>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/stun/message_builder.hpp"
#include "stile/stun/message_view.hpp"

namespace stile::stun {

/// RFC 8489 §14.8, RFC 8656 §19, RFC 6062 §6.3, RFC 8016 §3.4, RFC 8445 §16.2.
enum class ErrorNumber : std::uint16_t {
  try_alternate = 300,
  bad_request = 400,
  unauthenticated = 401,
  forbidden = 403,
  mobility_forbidden = 405,
  unknown_attribute = 420,
  allocation_mismatch = 437,
  stale_nonce = 438,
  address_family_not_supported = 440,
  wrong_credentials = 441,
  unsupported_transport_protocol = 442,
  peer_address_family_mismatch = 443,
  connection_already_exists = 446,
  connection_timeout_or_failure = 447,
  allocation_quota_reached = 486,
  role_conflict = 487,
  server_error = 500,
  insufficient_capacity = 508,
};

/// RFC 8489 §14.8:
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |           Reserved, should be 0         |Class|     Number    |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |      Reason Phrase (variable)                                ..
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
struct ErrorCode {
  static constexpr AttributeType type = AttributeType::error_code;
  std::uint16_t number = 0;  ///< 300-699
  std::string_view reason;   ///< at most 763 bytes; a view into the message
  static std::expected<ErrorCode, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 8489 §14.13.
struct UnknownAttributes {
  static constexpr AttributeType type = AttributeType::unknown_attributes;
  std::vector<AttributeType> types;
  static std::expected<UnknownAttributes, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 8656 §18.12: why one family of a dual allocation was not given.
struct AddressErrorCode {
  static constexpr AttributeType type = AttributeType::address_error_code;
  Family family = Family::ipv4;
  std::uint16_t number = 0;
  std::string_view reason;
  static std::expected<AddressErrorCode, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

}  // namespace stile::stun
