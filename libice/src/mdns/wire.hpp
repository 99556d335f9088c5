#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stile/base/bytes.hpp"

// What queries and responses have in common (RFC 1035 §4).

namespace stile::mdns {

inline constexpr std::size_t header_size = 12;  // RFC 1035 §4.1.1
inline constexpr std::size_t longest_name = 255;
inline constexpr std::size_t longest_label = 63;
inline constexpr std::uint16_t type_a = 1;
inline constexpr std::uint16_t type_aaaa = 28;
inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t unicast_wanted = 0x8000;  // RFC 6762 §5.4
inline constexpr std::string_view suffix = ".local";

inline void push_u16(ByteVector& bytes, std::uint16_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

inline void push_label(ByteVector& bytes, std::string_view label) {
  bytes.push_back(static_cast<std::uint8_t>(label.size()));
  bytes.insert(bytes.end(), label.begin(), label.end());
}

inline void push_question(ByteVector& bytes, std::string_view name, std::uint16_t type) {
  push_label(bytes, name.substr(0, name.size() - suffix.size()));
  push_label(bytes, suffix.substr(1));
  bytes.push_back(0);
  push_u16(bytes, type);
  push_u16(bytes, class_in | unicast_wanted);
}

inline char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// Reads a message from front to back; what it gave is nothing once it has come to a part that is
/// not there.
class Reader {
 public:
  explicit Reader(Bytes message) : message_(message) {}

  std::optional<std::uint16_t> u16() {
    if (message_.size() - at_ < 2) return std::nullopt;
    at_ += 2;
    return load_u16(message_.data() + at_ - 2);
  }
  std::optional<Bytes> bytes(std::size_t count) {
    if (message_.size() - at_ < count) return std::nullopt;
    at_ += count;
    return message_.subspan(at_ - count, count);
  }
  /// RFC 1035 §4.1.4, in lower case with dots. A pointer leads to what is before it, so that it
  /// comes to an end.
  std::optional<std::string> name() {
    std::string text;
    std::size_t from = at_;
    std::size_t least = at_;
    bool jumped = false;
    for (;;) {
      if (from >= message_.size()) return std::nullopt;
      const std::uint8_t length = message_[from];
      if (length >= 0xc0) {
        if (message_.size() - from < 2) return std::nullopt;
        const std::size_t target = load_u16(message_.data() + from) & 0x3fff;
        if (target >= least) return std::nullopt;
        if (!jumped) at_ = from + 2;
        jumped = true;
        from = least = target;
        continue;
      }
      if (length > longest_label || message_.size() - from <= length) return std::nullopt;
      if (length == 0) {
        if (!jumped) at_ = from + 1;
        return text;
      }
      if (!text.empty()) text += '.';
      for (const std::uint8_t c : message_.subspan(from + 1, length))
        text += lower(static_cast<char>(c));
      if (text.size() > longest_name) return std::nullopt;
      from += length + 1u;
    }
  }

 private:
  Bytes message_;
  std::size_t at_ = header_size;
};

}  // namespace stile::mdns
