#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace stile::server {

/// One line of coturn's configuration: `key`, `key=value` or `key value`, the value without its
/// quotes.
struct CoturnSetting {
  unsigned line;
  std::string key;
  std::string value;

  /// A switch that stands there only to be off: `no-cli=0`.
  bool is_off() const;
};

/// A turnserver.conf. Comments are whole lines that begin with '#'.
class CoturnFile {
 public:
  explicit CoturnFile(std::istream& text);

  const std::vector<CoturnSetting>& settings() const { return settings_; }
  std::vector<const CoturnSetting*> all(std::string_view key) const;
  /// Null if the key is not there.
  const CoturnSetting* last(std::string_view key) const;
  /// The key is there, and not as a switch that is off.
  bool has(std::string_view key) const;
  std::vector<std::string> values(std::string_view key) const;

 private:
  std::vector<CoturnSetting> settings_;
};

}  // namespace stile::server
