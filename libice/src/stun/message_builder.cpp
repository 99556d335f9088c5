#include "stile/stun/message_builder.hpp"

#include <algorithm>

#include "stile/stun/fingerprint.hpp"

namespace stile::stun {

MessageBuilder::MessageBuilder(MutableBytes buffer, Class message_class, Method method,
                               const TransactionId& id)
    : buffer_(buffer), transaction_id_(id), ok_(buffer.size() >= header_size) {
  if (!ok_) return;
  store_u16(buffer_.data(), encode_message_type(message_class, method));
  store_u16(buffer_.data() + 2, 0);
  store_u32(buffer_.data() + 4, magic_cookie);
  std::copy(id.bytes.begin(), id.bytes.end(), buffer_.begin() + 8);
  size_ = header_size;
}

MutableBytes MessageBuilder::append(AttributeType type, std::size_t length) {
  const std::size_t padded = (length + 3) & ~std::size_t{3};
  const std::size_t end = size_ + 4 + padded;
  if (!ok_ || end > buffer_.size() || end - header_size > 0xffff) {
    ok_ = false;
    return {};
  }
  std::uint8_t* at = buffer_.data() + size_;
  store_u16(at, static_cast<std::uint16_t>(type));
  store_u16(at + 2, static_cast<std::uint16_t>(length));
  std::fill_n(at + 4, padded, std::uint8_t{0});
  size_ = end;
  store_u16(buffer_.data() + 2, static_cast<std::uint16_t>(size_ - header_size));
  return {at + 4, length};
}

MessageBuilder& MessageBuilder::add(AttributeType type, Bytes value) {
  const MutableBytes out = append(type, value.size());
  if (ok_) std::copy(value.begin(), value.end(), out.begin());
  return *this;
}

// RFC 8489 §14.5: the length field counts the attribute already, its bytes are not in the HMAC.
MessageBuilder& MessageBuilder::add_message_integrity(const Key& key) {
  const std::size_t before = size_;
  const MutableBytes out = append(AttributeType::message_integrity, Sha1Digest{}.size());
  if (ok_) std::ranges::copy(hmac_sha1(key.bytes(), buffer_.first(before)), out.begin());
  return *this;
}

MessageBuilder& MessageBuilder::add_message_integrity_sha256(const Key& key) {
  const std::size_t before = size_;
  const MutableBytes out = append(AttributeType::message_integrity_sha256, Sha256Digest{}.size());
  if (ok_) std::ranges::copy(hmac_sha256(key.bytes(), buffer_.first(before)), out.begin());
  return *this;
}

MessageBuilder& MessageBuilder::add_fingerprint() {
  const std::size_t before = size_;
  const MutableBytes out = append(AttributeType::fingerprint, 4);
  if (ok_) store_u32(out.data(), fingerprint(buffer_.first(before)));
  return *this;
}

}  // namespace stile::stun
