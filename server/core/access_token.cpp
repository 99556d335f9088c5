#include "server/core/access_token.hpp"

#include <cstdlib>

#include "server/core/aead.hpp"
#include "server/core/base64.hpp"

namespace stile::relay {

namespace {

constexpr std::int64_t delta_seconds = 5;  // RFC 7635 §7, recommended
constexpr std::size_t times_size = 8 + 4;  // timestamp and lifetime
constexpr int fraction_bits = 16;          // of the timestamp: 1/64000 s, which do not matter

/// RFC 7635 §7 has the timestamp shortly before now; §9 what is left of the lifetime.
std::optional<UnixSeconds> expiry(const std::uint8_t* times, UnixSeconds wall) {
  const auto timestamp = static_cast<std::int64_t>(load_u64(times) >> fraction_bits);
  const std::int64_t lifetime = load_u32(times + 8);
  const std::int64_t left = lifetime + delta_seconds - std::abs(wall.value - timestamp);
  return left > 0 ? std::optional(UnixSeconds{wall.value + left}) : std::nullopt;
}

std::optional<Session> read_block(const OauthKey& key, Bytes block, UnixSeconds wall) {
  if (block.size() < 2) return std::nullopt;
  const std::size_t key_length = load_u16(block.data());
  if (key_length < shortest_mac_key || block.size() != 2 + key_length + times_size)
    return std::nullopt;
  const auto expires = expiry(block.data() + 2 + key_length, wall);
  if (!expires) return std::nullopt;
  return Session{key.kid, stun::Key(block.subspan(2, key_length)), *expires};
}

std::optional<Session> open_binary(const OauthKey& key, std::string_view server_name, Bytes token,
                                   UnixSeconds wall) {
  if (token.size() < 2 || load_u16(token.data()) != aead_nonce_size) return std::nullopt;
  if (token.size() < 2 + aead_nonce_size) return std::nullopt;
  const auto block = aead_open(key.key, token.subspan(2, aead_nonce_size),
                               token.subspan(2 + aead_nonce_size), as_bytes(server_name));
  return block ? read_block(key, *block, wall) : std::nullopt;
}

}  // namespace

std::string Session::user() const {
  const auto digest = stun::sha256(mac_key.bytes());
  return kid + "/" + base64(Bytes(digest).first(6));
}

// Interop: RFC 7635 §6.2 has the token in base64 where the client is given it, and the client is to
// know nothing of it; some put it into the attribute as it came, others decode it.
std::optional<Session> open_access_token(const OauthKey& key, std::string_view server_name,
                                         Bytes token, UnixSeconds wall) {
  const bool is_text = !token.empty() && token[0] != 0;
  if (!is_text) return open_binary(key, server_name, token, wall);
  const auto binary = from_base64(as_text(token));
  return binary ? open_binary(key, server_name, *binary, wall) : std::nullopt;
}

}  // namespace stile::relay
