#include "stile/stun/attributes/relay.hpp"

#include <algorithm>

namespace stile::stun {

namespace {
std::unexpected<ParseError> malformed() {
  return std::unexpected(ParseError::attribute_malformed);
}
}  // namespace

std::expected<ChannelNumberAttribute, ParseError> ChannelNumberAttribute::parse(
    Bytes value, const MessageView&) {
  if (value.size() != 4) return malformed();
  return ChannelNumberAttribute{load_u16(value.data())};
}
void ChannelNumberAttribute::write(MessageBuilder& builder) const {
  if (const MutableBytes out = builder.append(type, 4); !out.empty()) store_u16(out.data(), number);
}

std::expected<RequestedTransport, ParseError> RequestedTransport::parse(Bytes value,
                                                                        const MessageView&) {
  if (value.size() != 4) return malformed();
  return RequestedTransport{value[0]};
}
void RequestedTransport::write(MessageBuilder& builder) const {
  if (const MutableBytes out = builder.append(type, 4); !out.empty()) out[0] = protocol;
}

std::expected<EvenPort, ParseError> EvenPort::parse(Bytes value, const MessageView&) {
  if (value.size() != 1) return malformed();
  return EvenPort{(value[0] & 0x80) != 0};
}
void EvenPort::write(MessageBuilder& builder) const {
  if (const MutableBytes out = builder.append(type, 1); !out.empty())
    out[0] = reserve_next ? 0x80 : 0;
}

std::expected<ReservationToken, ParseError> ReservationToken::parse(Bytes value,
                                                                    const MessageView&) {
  ReservationToken attribute;
  if (value.size() != attribute.token.size()) return malformed();
  std::ranges::copy(value, attribute.token.begin());
  return attribute;
}
void ReservationToken::write(MessageBuilder& builder) const {
  builder.add(type, token);
}

std::expected<Icmp, ParseError> Icmp::parse(Bytes value, const MessageView&) {
  if (value.size() != 8) return malformed();
  return Icmp{value[2], value[3], load_u32(value.data() + 4)};
}
void Icmp::write(MessageBuilder& builder) const {
  const MutableBytes out = builder.append(type, 8);
  if (out.empty()) return;
  out[2] = icmp_type;
  out[3] = icmp_code;
  store_u32(out.data() + 4, error_data);
}

}  // namespace stile::stun
