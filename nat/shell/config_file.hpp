#pragma once

#include <functional>
#include <string>
#include <vector>

namespace stile::nat::shell {

/// A key of a configuration file with one of its values.
struct Setting {
  std::string key;
  std::string value;  ///< of a flag: "true" or "false"
  std::string place;  ///< FILE:LINE:COLUMN of the value
};

enum class KeyKind { unknown, value, flag };

/// Reads a TOML file; an array repeats its key. Throws UsageProblem with file, line and column for
/// what cannot be read, for keys that are unknown, and for values that are not of their key's kind.
std::vector<Setting> read_config_file(
    const std::string& path, const std::function<KeyKind(const std::string& key)>& kind_of);

}  // namespace stile::nat::shell
