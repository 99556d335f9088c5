#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nat/shell/config_file.hpp"

namespace stile::nat::shell {

/// A known NAT, from a file of nat/personalities: settings as in a configuration file, `about` in a
/// line, and in the table [source] where each setting is known from.
struct Personality {
  std::string about;
  std::vector<Setting> settings;
  std::vector<std::string> without_source;  ///< keys
};

/// `name` as in `--like`: of one that comes with the program, or a path, which has a slash or a dot
/// in it. Throws UsageProblem.
Personality read_personality(const std::string& name, const KindOf& kind_of);

/// Those that come with the program, one a line: name and `about`.
std::string list_of_personalities();

struct ShippedPersonality {
  std::string_view name;
  std::string_view text;  ///< of its file
};
/// In the order of their names.
std::span<const ShippedPersonality> shipped_personalities();

}  // namespace stile::nat::shell
