#pragma once

#include <string>
#include <string_view>

namespace stile::explain {

/// As text in HTML and SVG, attributes included.
inline std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// The class that a state has in the page's style.
inline std::string class_of(std::string state) {
  for (char& c : state)
    if (c == ' ') c = '-';
  return escaped(state);
}

}  // namespace stile::explain
