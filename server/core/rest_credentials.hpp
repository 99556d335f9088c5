#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "stile/base/instant.hpp"

namespace stile::relay {

/// A user name of draft-uberti-behave-turn-rest-00 §2.2: "EXPIRY" or "EXPIRY:name", the expiry in
/// seconds since 1970.
struct RestUsername {
  UnixSeconds expires;
  std::string_view name;  ///< a view into the user name; the whole of it if no name is given
  static std::optional<RestUsername> parse(std::string_view username);
};

/// What the password is made with. The draft has SHA-1, which back ends for browsers use.
enum class RestHash : std::uint8_t { sha1, sha256 };
inline constexpr std::array rest_hashes{RestHash::sha1, RestHash::sha256};

/// base64(HMAC(secret, username)).
std::string rest_password(RestHash hash, std::string_view secret, std::string_view username);

}  // namespace stile::relay
