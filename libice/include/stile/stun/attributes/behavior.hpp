#pragma once

#include "stile/stun/attributes/primitive.hpp"

namespace stile::stun {

using Padding = BytesAttribute<AttributeType::padding>;  // RFC 5780 §7.6

/// RFC 5780 §7.2: bit 2 changes the IP address, bit 1 the port.
struct ChangeRequest {
  static constexpr AttributeType type = AttributeType::change_request;
  bool change_ip = false;
  bool change_port = false;
  static std::expected<ChangeRequest, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

/// RFC 5780 §7.5: a port; 2 bytes as the text says, 4 with padding as some send, both read, 2
/// written.
struct ResponsePort {
  static constexpr AttributeType type = AttributeType::response_port;
  std::uint16_t port = 0;
  static std::expected<ResponsePort, ParseError> parse(Bytes value, const MessageView&);
  void write(MessageBuilder& builder) const;
};

}  // namespace stile::stun
