#pragma once

#include <functional>
#include <string>
#include <vector>

namespace stile::server {

/// A key of a configuration file with one of its values.
struct Setting {
  std::string key;
  std::string value;
  bool is_flag;       ///< then the value is "true" or "false"
  std::string place;  ///< FILE:LINE:COLUMN of the value
};

enum class KeyKind { unknown, value, flag };

/// Reads a TOML file; an array repeats its key. Throws StartError with file, line and column for
/// what cannot be read, for keys that are unknown, and for values that are not of their key's kind.
std::vector<Setting> read_config_file(
    const std::string& path, const std::function<KeyKind(const std::string& key)>& kind_of);

}  // namespace stile::server
