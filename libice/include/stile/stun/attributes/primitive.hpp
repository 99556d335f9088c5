#pragma once

#include <string_view>

#include "stile/stun/message_builder.hpp"
#include "stile/stun/message_view.hpp"

namespace stile::stun {

/// An attribute without a value: it is there or not.
template <AttributeType Type>
struct FlagAttribute {
  static constexpr AttributeType type = Type;
  static std::expected<FlagAttribute, ParseError> parse(Bytes value, const MessageView&) {
    if (!value.empty()) return std::unexpected(ParseError::attribute_malformed);
    return FlagAttribute{};
  }
  void write(MessageBuilder& builder) const { builder.append(Type, 0); }
};

template <AttributeType Type>
struct U32Attribute {
  static constexpr AttributeType type = Type;
  std::uint32_t value = 0;
  static std::expected<U32Attribute, ParseError> parse(Bytes bytes, const MessageView&) {
    if (bytes.size() != 4) return std::unexpected(ParseError::attribute_malformed);
    return U32Attribute{load_u32(bytes.data())};
  }
  void write(MessageBuilder& builder) const {
    if (const MutableBytes out = builder.append(Type, 4); !out.empty())
      store_u32(out.data(), value);
  }
};

template <AttributeType Type>
struct U64Attribute {
  static constexpr AttributeType type = Type;
  std::uint64_t value = 0;
  static std::expected<U64Attribute, ParseError> parse(Bytes bytes, const MessageView&) {
    if (bytes.size() != 8) return std::unexpected(ParseError::attribute_malformed);
    return U64Attribute{load_u64(bytes.data())};
  }
  void write(MessageBuilder& builder) const {
    if (const MutableBytes out = builder.append(Type, 8); !out.empty())
      store_u64(out.data(), value);
  }
};

/// Text of at most `Longest` bytes; a view into the message.
template <AttributeType Type, std::size_t Longest>
struct TextAttribute {
  static constexpr AttributeType type = Type;
  std::string_view text;
  static std::expected<TextAttribute, ParseError> parse(Bytes bytes, const MessageView&) {
    if (bytes.size() > Longest) return std::unexpected(ParseError::attribute_malformed);
    return TextAttribute{as_text(bytes)};
  }
  void write(MessageBuilder& builder) const { builder.add(Type, as_bytes(text)); }
};

/// Bytes of any length; a view into the message.
template <AttributeType Type>
struct BytesAttribute {
  static constexpr AttributeType type = Type;
  Bytes bytes;
  static std::expected<BytesAttribute, ParseError> parse(Bytes value, const MessageView&) {
    return BytesAttribute{value};
  }
  void write(MessageBuilder& builder) const { builder.add(Type, bytes); }
};

}  // namespace stile::stun
