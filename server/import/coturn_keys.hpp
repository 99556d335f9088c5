#pragma once

#include <string_view>

namespace stile::server {

/// What becomes of a key of coturn's configuration.
struct CoturnKey {
  enum class Fate : unsigned char {
    carried,   ///< import_coturn() translates it
    needless,  ///< stile-server does so anyway, or has nothing that it would change
    lost,      ///< and `reason` says why, or what to do instead
  };
  std::string_view name;
  Fate fate;
  std::string_view reason;
};

/// Of coturn 4.5 to 4.17; null if none of them knows the key.
const CoturnKey* find_coturn_key(std::string_view name);

}  // namespace stile::server
