#include "stile/stun/attributes/behavior.hpp"

namespace stile::stun {

namespace {
constexpr std::uint32_t change_ip_bit = 0x04;
constexpr std::uint32_t change_port_bit = 0x02;
}  // namespace

std::expected<ChangeRequest, ParseError> ChangeRequest::parse(Bytes value, const MessageView&) {
  if (value.size() != 4) return std::unexpected(ParseError::attribute_malformed);
  const std::uint32_t bits = load_u32(value.data());
  return ChangeRequest{(bits & change_ip_bit) != 0, (bits & change_port_bit) != 0};
}

void ChangeRequest::write(MessageBuilder& builder) const {
  if (const MutableBytes out = builder.append(type, 4); !out.empty())
    store_u32(out.data(), (change_ip ? change_ip_bit : 0) | (change_port ? change_port_bit : 0));
}

// Interop: some clients send the port with two bytes of padding counted in the length.
std::expected<ResponsePort, ParseError> ResponsePort::parse(Bytes value, const MessageView&) {
  if (value.size() != 2 && value.size() != 4)
    return std::unexpected(ParseError::attribute_malformed);
  return ResponsePort{load_u16(value.data())};
}

void ResponsePort::write(MessageBuilder& builder) const {
  if (const MutableBytes out = builder.append(type, 2); !out.empty()) store_u16(out.data(), port);
}

}  // namespace stile::stun
