#pragma once

#include <string_view>
#include <vector>

#include "server/shell/options.hpp"

namespace stile::server {

/// What a running server goes on with when its options have been read again.
struct Reload {
  Options options;
  std::vector<std::string_view> kept;  ///< flags whose new values take a restart; the old ones stay
};

Reload reload(const Options& running, Options fresh);

}  // namespace stile::server
