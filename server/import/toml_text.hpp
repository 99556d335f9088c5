#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stile::server {

/// A TOML document on its way, key by key.
class TomlText {
 public:
  void comment(std::string_view line);
  void blank() { text_ += '\n'; }
  void add(std::string_view key, std::string_view value);
  /// An array, one value a line if there are several; nothing without values.
  void add(std::string_view key, const std::vector<std::string>& values);
  void add(std::string_view key, unsigned long value);
  void add_flag(std::string_view key, bool value);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace stile::server
