#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace stile::ice {

/// RFC 8839 §5.1: ice-char.
constexpr bool is_ice_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

/// The words of a line, one after the other.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::optional<std::string_view> next() {
    const auto start = rest_.find_first_not_of(" \t\r\n");
    if (start == rest_.npos) return std::nullopt;
    rest_.remove_prefix(start);
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t\r\n"));
    rest_.remove_prefix(word.size());
    return word;
  }
  template <class Number>
  std::optional<Number> number(Number least, Number most) {
    const auto word = next();
    Number value{};
    if (!word) return std::nullopt;
    const auto [end, error] = std::from_chars(word->data(), word->data() + word->size(), value);
    if (error != std::errc{} || end != word->data() + word->size()) return std::nullopt;
    return value < least || value > most ? std::nullopt : std::optional(value);
  }

 private:
  std::string_view rest_;
};

}  // namespace stile::ice
