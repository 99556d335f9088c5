#include "stile/stun/attributes/error_code.hpp"

#include <algorithm>

namespace stile::stun {

namespace {

constexpr std::size_t longest_reason = 763;

/// The last 2 bytes of the first word and the phrase after it, which ERROR-CODE and
/// ADDRESS-ERROR-CODE share.
std::expected<std::pair<std::uint16_t, std::string_view>, ParseError> parse_error(Bytes value) {
  if (value.size() < 4 || value.size() > 4 + longest_reason)
    return std::unexpected(ParseError::attribute_malformed);
  const unsigned hundreds = value[2] & 0x7;
  const unsigned rest = value[3];
  if (hundreds < 3 || hundreds > 6 || rest > 99)
    return std::unexpected(ParseError::attribute_malformed);
  return std::pair(static_cast<std::uint16_t>(hundreds * 100 + rest), as_text(value.subspan(4)));
}

MutableBytes write_error(MessageBuilder& builder, AttributeType type, std::uint16_t number,
                         std::string_view reason) {
  reason = reason.substr(0, longest_reason);
  const MutableBytes out = builder.append(type, 4 + reason.size());
  if (out.empty()) return out;
  out[2] = static_cast<std::uint8_t>(number / 100);
  out[3] = static_cast<std::uint8_t>(number % 100);
  std::ranges::copy(as_bytes(reason), out.begin() + 4);
  return out;
}

}  // namespace

std::expected<ErrorCode, ParseError> ErrorCode::parse(Bytes value, const MessageView&) {
  const auto error = parse_error(value);
  if (!error) return std::unexpected(error.error());
  return ErrorCode{error->first, error->second};
}

void ErrorCode::write(MessageBuilder& builder) const {
  write_error(builder, type, number, reason);
}

std::expected<AddressErrorCode, ParseError> AddressErrorCode::parse(Bytes value,
                                                                    const MessageView&) {
  const auto error = parse_error(value);
  if (!error) return std::unexpected(error.error());
  if (value[0] != 0x01 && value[0] != 0x02) return std::unexpected(ParseError::attribute_malformed);
  return AddressErrorCode{value[0] == 0x01 ? Family::ipv4 : Family::ipv6, error->first,
                          error->second};
}

void AddressErrorCode::write(MessageBuilder& builder) const {
  const MutableBytes out = write_error(builder, type, number, reason);
  if (!out.empty()) out[0] = family == Family::ipv4 ? 0x01 : 0x02;
}

std::expected<UnknownAttributes, ParseError> UnknownAttributes::parse(Bytes value,
                                                                      const MessageView&) {
  if (value.size() % 2 != 0) return std::unexpected(ParseError::attribute_malformed);
  UnknownAttributes unknown;
  for (std::size_t i = 0; i < value.size(); i += 2)
    unknown.types.push_back(static_cast<AttributeType>(load_u16(value.data() + i)));
  return unknown;
}

void UnknownAttributes::write(MessageBuilder& builder) const {
  const MutableBytes out = builder.append(type, types.size() * 2);
  if (out.empty()) return;
  for (std::size_t i = 0; i < types.size(); ++i)
    store_u16(out.data() + 2 * i, static_cast<std::uint16_t>(types[i]));
}

}  // namespace stile::stun
