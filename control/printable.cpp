#include "control/printable.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace stile::control {

namespace {

bool is_printable(char c) {
  return c >= ' ' && c < 0x7f;
}

}  // namespace

std::string printable(std::string_view text) {
  if (std::ranges::all_of(text, is_printable)) return std::string(text);
  using Json = nlohmann::json;
  const std::string quoted =
      Json(std::string(text)).dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string inside = quoted.substr(1, quoted.size() - 2);
  // JSON leaves DEL as it is.
  for (std::size_t at = 0; (at = inside.find('\x7f', at)) != inside.npos;)
    inside.replace(at, 1, "\\u007f");
  return inside;
}

}  // namespace stile::control
