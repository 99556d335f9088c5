#include "stile/base/port_range.hpp"

#include <charconv>

namespace stile {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && stopped == end ? std::optional(port) : std::nullopt;
}

}  // namespace

std::optional<PortRange> PortRange::parse(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *first == 0) return std::nullopt;
  const PortRange range{*first, *last};
  return range.is_valid() ? std::optional(range) : std::nullopt;
}

std::string to_string(PortRange range) {
  return std::to_string(range.first) + "-" + std::to_string(range.last);
}

}  // namespace stile
