#include "stile/stun/message_view.hpp"

#include <algorithm>

#include "stile/stun/fingerprint.hpp"

namespace stile::stun {

namespace {

constexpr std::size_t attribute_header_size = 4;
constexpr std::size_t fingerprint_size = 8;

constexpr std::size_t padded(std::size_t length) {
  return (length + 3) & ~std::size_t{3};
}

/// RFC 8489 §6.3: what is checked of a header before its attributes are read.
std::optional<ParseError> header_problem(Bytes datagram, bool classic) {
  if (datagram.size() < header_size) return ParseError::too_short;
  if ((datagram[0] & 0xc0) != 0) return ParseError::not_stun;
  if (!classic && load_u32(datagram.data() + 4) != magic_cookie) return ParseError::not_stun;
  const std::size_t length = load_u16(datagram.data() + 2);
  if (length % 4 != 0 || length + header_size != datagram.size()) return ParseError::bad_length;
  return std::nullopt;
}

/// Walks all attributes once: none may pass the end, and a FINGERPRINT must be last and right.
std::optional<ParseError> attribute_problem(Bytes message) {
  std::size_t offset = header_size;
  while (offset < message.size()) {
    const auto type = static_cast<AttributeType>(load_u16(message.data() + offset));
    const std::size_t length = load_u16(message.data() + offset + 2);
    const std::size_t end = offset + attribute_header_size + padded(length);
    if (end > message.size()) return ParseError::attribute_overrun;
    if (type == AttributeType::fingerprint) {
      const bool last = end == message.size() && end - offset == fingerprint_size && length == 4;
      if (!last || load_u32(message.data() + offset + 4) != fingerprint(message.first(offset)))
        return ParseError::bad_fingerprint;
    }
    offset = end;
  }
  return std::nullopt;
}

}  // namespace

std::expected<MessageView, ParseError> MessageView::parse(Bytes datagram) {
  if (const auto problem = header_problem(datagram, false)) return std::unexpected(*problem);
  if (const auto problem = attribute_problem(datagram)) return std::unexpected(*problem);
  return MessageView(datagram);
}

std::expected<MessageView, ParseError> MessageView::parse_classic(Bytes datagram) {
  if (const auto problem = header_problem(datagram, true)) return std::unexpected(*problem);
  if (const auto problem = attribute_problem(datagram)) return std::unexpected(*problem);
  return MessageView(datagram);
}

TransactionId MessageView::transaction_id() const {
  TransactionId id;
  std::copy_n(bytes_.data() + 8, id.bytes.size(), id.bytes.begin());
  return id;
}

std::optional<AttributeView> MessageView::find(AttributeType type) const {
  Cursor cursor(*this);
  while (const auto attribute = cursor.next())
    if (attribute->type == type) return attribute;
  return std::nullopt;
}

std::optional<AttributeView> MessageView::Cursor::next() {
  while (offset_ < bytes_.size()) {
    const auto* at = bytes_.data() + offset_;
    const AttributeView attribute{static_cast<AttributeType>(load_u16(at)),
                                  bytes_.subspan(offset_ + attribute_header_size, load_u16(at + 2)),
                                  offset_};
    offset_ += attribute_header_size + padded(attribute.value.size());

    // RFC 8489 §14.5 to §14.7: each of these ends the protection of what may follow, and only a
    // stronger one counts.
    Protection of = Protection::none;
    if (attribute.type == AttributeType::message_integrity) of = Protection::sha1;
    if (attribute.type == AttributeType::message_integrity_sha256) of = Protection::sha256;
    if (attribute.type == AttributeType::fingerprint) of = Protection::fingerprint;
    if (of <= seen_ && seen_ != Protection::none) continue;
    seen_ = of;
    return attribute;
  }
  return std::nullopt;
}

bool looks_like_stun(Bytes datagram) {
  return !header_problem(datagram, false);
}

}  // namespace stile::stun
