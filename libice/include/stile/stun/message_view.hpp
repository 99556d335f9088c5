#pragma once

#include <expected>
#include <optional>

#include "stile/base/bytes.hpp"
#include "stile/stun/attribute_type.hpp"
#include "stile/stun/error.hpp"
#include "stile/stun/message_type.hpp"

namespace stile::stun {

/// One attribute as it lies in a message; `value` has the length that the attribute states, without
/// padding.
struct AttributeView {
  AttributeType type;
  Bytes value;
  std::size_t offset;  ///< of its type field, from the first byte of the message
};

/// A STUN message in somebody else's buffer, checked once by parse(); accessors after that cannot
/// fail to read.
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |0 0|     STUN Message Type     |         Message Length        |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                         Magic Cookie                          |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |                     Transaction ID (96 bits)                  |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// Attributes after MESSAGE-INTEGRITY (other than -SHA256 and FINGERPRINT), after
/// MESSAGE-INTEGRITY-SHA256 (other than FINGERPRINT) and after FINGERPRINT are not seen: they are
/// not protected (RFC 8489 §14.5, §14.6).
class MessageView {
 public:
  /// `datagram` is exactly one message (RFC 8489 §6.3). A FINGERPRINT that is there is verified.
  static std::expected<MessageView, ParseError> parse(Bytes datagram);
  /// The same for RFC 3489 peers: any value where the magic cookie stands.
  static std::expected<MessageView, ParseError> parse_classic(Bytes datagram);

  Class message_class() const { return class_of(load_u16(bytes_.data())); }
  Method method() const { return method_of(load_u16(bytes_.data())); }
  TransactionId transaction_id() const;
  Bytes bytes() const { return bytes_; }

  bool is(Class c, Method m) const { return message_class() == c && method() == m; }
  bool has(AttributeType type) const { return find(type).has_value(); }
  /// The first attribute of the type; later ones of the same type count for nothing (RFC 8489 §14).
  std::optional<AttributeView> find(AttributeType type) const;

  /// The attribute as its struct (attributes.hpp), e.g. `message.get<XorMappedAddress>()`.
  template <class Attribute>
  std::expected<Attribute, ParseError> get() const {
    const auto attribute = find(Attribute::type);
    if (!attribute) return std::unexpected(ParseError::attribute_absent);
    return Attribute::parse(attribute->value, *this);
  }

  /// Calls `visit(AttributeView)` for each attribute that counts, in order (XOR-PEER-ADDRESS may
  /// come many times).
  template <class Visit>
  void for_each(Visit&& visit) const {
    Cursor cursor(*this);
    while (const auto attribute = cursor.next()) visit(*attribute);
  }

  /// Walks the attributes that count.
  class Cursor {
   public:
    explicit Cursor(const MessageView& message) : bytes_(message.bytes_) {}
    std::optional<AttributeView> next();

   private:
    Bytes bytes_;
    std::size_t offset_ = header_size;
    enum class Protection : std::uint8_t {
      none,
      sha1,
      sha256,
      fingerprint
    } seen_ = Protection::none;
  };

 private:
  explicit MessageView(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

/// True if the datagram can only be STUN: first two bits zero, cookie and length right. Does not
/// read attributes.
bool looks_like_stun(Bytes datagram);

}  // namespace stile::stun
