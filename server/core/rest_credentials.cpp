#include "server/core/rest_credentials.hpp"

#include <charconv>

#include "server/core/base64.hpp"
#include "stile/stun/credentials.hpp"

namespace stile::relay {

std::optional<RestUsername> RestUsername::parse(std::string_view username) {
  const std::string_view digits = username.substr(0, username.find(':'));
  RestUsername parsed;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), parsed.expires.value);
  if (error != std::errc{} || end != digits.data() + digits.size() || parsed.expires.value < 0)
    return std::nullopt;
  const std::size_t name_at = digits.size() + 1;
  parsed.name = username.size() > name_at ? username.substr(name_at) : username;
  return parsed;
}

std::string rest_password(RestHash hash, std::string_view secret, std::string_view username) {
  return hash == RestHash::sha1 ? base64(stun::hmac_sha1(as_bytes(secret), as_bytes(username)))
                                : base64(stun::hmac_sha256(as_bytes(secret), as_bytes(username)));
}

}  // namespace stile::relay
