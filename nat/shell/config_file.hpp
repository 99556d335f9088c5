#pragma once

#include <toml++/toml.h>

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

using KindOf = std::function<KeyKind(const std::string& key)>;

/// Reads a TOML file; an array repeats its key. Throws UsageProblem with file, line and column for
/// what cannot be read, for keys that are unknown, and for values that are not of their key's kind.
std::vector<Setting> read_config_file(const std::string& path, const KindOf& kind_of);

// The same in pieces, for files with more in them.

/// Throws UsageProblem.
std::string read_text_file(const std::string& path);
/// `name` stands for the file where something is wrong. Throws UsageProblem.
toml::table parse_config(const std::string& text, const std::string& name);
std::vector<Setting> settings_of(const toml::table& table, const std::string& name,
                                 const KindOf& kind_of);

}  // namespace stile::nat::shell
