#pragma once

#include "stile/base/bytes.hpp"
#include "stile/stun/attribute_type.hpp"
#include "stile/stun/credentials.hpp"
#include "stile/stun/message_type.hpp"

namespace stile::stun {

/// Writes one message into a buffer of the caller's. Padding bytes are zero. If the buffer is too
/// small nothing is written past it, ok() turns false and finish() answers an empty view.
class MessageBuilder {
 public:
  MessageBuilder(MutableBytes buffer, Class message_class, Method method, const TransactionId& id);

  /// An attribute of attributes.hpp: `builder.add(XorMappedAddress{address})`.
  template <class Attribute>
  MessageBuilder& add(const Attribute& attribute) {
    attribute.write(*this);
    return *this;
  }
  /// Any attribute by its bytes.
  MessageBuilder& add(AttributeType type, Bytes value);

  /// MESSAGE-INTEGRITY: HMAC-SHA1 over all before it (RFC 8489 §14.5).
  MessageBuilder& add_message_integrity(const Key& key);
  /// MESSAGE-INTEGRITY-SHA256, not truncated (RFC 8489 §14.6).
  MessageBuilder& add_message_integrity_sha256(const Key& key);
  /// FINGERPRINT; must be the last (RFC 8489 §14.7).
  MessageBuilder& add_fingerprint();

  /// Appends an attribute header and returns its `length` value bytes to fill (zeroed), or empty if
  /// there is no room.
  MutableBytes append(AttributeType type, std::size_t length);

  const TransactionId& transaction_id() const { return transaction_id_; }
  bool ok() const { return ok_; }
  Bytes finish() const { return ok_ ? Bytes(buffer_.first(size_)) : Bytes(); }

 private:
  MutableBytes buffer_;
  std::size_t size_ = 0;
  TransactionId transaction_id_;
  bool ok_ = true;
};

}  // namespace stile::stun
