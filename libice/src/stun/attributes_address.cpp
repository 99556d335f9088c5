#include "stile/stun/attributes/address.hpp"

#include <algorithm>

namespace stile::stun {

namespace {

constexpr std::uint8_t family_v4 = 0x01;
constexpr std::uint8_t family_v6 = 0x02;

/// The 16 bytes that an address is XORed with: the magic cookie, then the transaction id (RFC 8489
/// §14.2).
std::array<std::uint8_t, 16> xor_mask(const TransactionId& id) {
  std::array<std::uint8_t, 16> mask;
  store_u32(mask.data(), magic_cookie);
  std::copy(id.bytes.begin(), id.bytes.end(), mask.begin() + 4);
  return mask;
}

}  // namespace

std::expected<TransportAddress, ParseError> parse_address(Bytes value) {
  if (value.size() < 4) return std::unexpected(ParseError::attribute_malformed);
  const std::size_t length = value[1] == family_v4 ? 4 : value[1] == family_v6 ? 16 : 0;
  if (length == 0 || value.size() != 4 + length)
    return std::unexpected(ParseError::attribute_malformed);
  return TransportAddress{*IpAddress::from_bytes(value.subspan(4)), load_u16(value.data() + 2)};
}

void write_address(MessageBuilder& builder, AttributeType type, const TransportAddress& address) {
  const Bytes ip = address.ip.wire_bytes();
  const MutableBytes out = builder.append(type, 4 + ip.size());
  if (out.empty()) return;
  out[1] = address.ip.is_v4() ? family_v4 : family_v6;
  store_u16(out.data() + 2, address.port);
  std::ranges::copy(ip, out.begin() + 4);
}

std::expected<TransportAddress, ParseError> parse_xor_address(Bytes value,
                                                              const TransactionId& id) {
  if (value.size() != 8 && value.size() != 20)
    return std::unexpected(ParseError::attribute_malformed);
  std::array<std::uint8_t, 20> plain{};
  std::ranges::copy(value, plain.begin());
  const auto mask = xor_mask(id);
  for (std::size_t i = 4; i < value.size(); ++i) plain[i] ^= mask[i - 4];
  auto address = parse_address(Bytes(plain).first(value.size()));
  if (address) address->port ^= magic_cookie >> 16;
  return address;
}

void write_xor_address(MessageBuilder& builder, AttributeType type,
                       const TransportAddress& address) {
  const Bytes ip = address.ip.wire_bytes();
  const MutableBytes out = builder.append(type, 4 + ip.size());
  if (out.empty()) return;
  out[1] = address.ip.is_v4() ? family_v4 : family_v6;
  store_u16(out.data() + 2, static_cast<std::uint16_t>(address.port ^ magic_cookie >> 16));
  const auto mask = xor_mask(builder.transaction_id());
  for (std::size_t i = 0; i < ip.size(); ++i) out[4 + i] = ip[i] ^ mask[i];
}

}  // namespace stile::stun
