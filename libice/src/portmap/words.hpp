#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace stile::portmap {

inline bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// What may stand in the first line of a request, where nothing ends it.
inline bool is_path(std::string_view text) {
  constexpr std::size_t longest = 512;
  return text.starts_with('/') && text.size() <= longest &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace stile::portmap
