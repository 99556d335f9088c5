#include "server/import/toml_text.hpp"

#include <fmt/format.h>

namespace stile::server {

namespace {

/// A basic string of TOML.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + "\"";
}

}  // namespace

void TomlText::comment(std::string_view line) {
  text_ += fmt::format("# {}\n", line);
}

void TomlText::add(std::string_view key, std::string_view value) {
  text_ += fmt::format("{} = {}\n", key, quoted(value));
}

void TomlText::add(std::string_view key, const std::vector<std::string>& values) {
  if (values.size() == 1) return add(key, values.front());
  if (values.empty()) return;
  text_ += fmt::format("{} = [\n", key);
  for (const std::string& value : values) text_ += fmt::format("  {},\n", quoted(value));
  text_ += "]\n";
}

void TomlText::add(std::string_view key, unsigned long value) {
  text_ += fmt::format("{} = {}\n", key, value);
}

void TomlText::add_flag(std::string_view key, bool value) {
  text_ += fmt::format("{} = {}\n", key, value);
}

}  // namespace stile::server
