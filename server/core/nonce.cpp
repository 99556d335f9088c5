#include "server/core/nonce.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "server/core/base64.hpp"
#include "stile/stun/credentials.hpp"

namespace stile::relay {

namespace {

constexpr std::string_view cookie_text = "obMatJos2";  // RFC 8489 §9.2
constexpr std::size_t mac_size = 11;  // with the time 15 bytes: no padding in base64
constexpr std::size_t encoded_size = 20;

std::string nonce_cookie(SecurityFeatures features) {
  const std::array<std::uint8_t, 3> bits{static_cast<std::uint8_t>(
      (features.password_algorithms ? 0x80 : 0) | (features.username_anonymity ? 0x40 : 0))};
  return std::string(cookie_text) + base64(bits);
}

/// The second of issue out of its base64, or nothing if it is not that.
std::optional<std::uint32_t> decode_issued(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint64_t bits = 0;
  for (const char c : text.substr(0, 6)) {
    const auto digit = digits.find(c);
    if (digit == digits.npos) return std::nullopt;
    bits = bits << 6 | digit;
  }
  return static_cast<std::uint32_t>(bits >> 4);
}

}  // namespace

NonceMint::NonceMint(const Config& config, SecurityFeatures features,
                     std::shared_ptr<Resources> resources, Random& random)
    : resources_(std::move(resources)),
      random_(&random),
      realm_(config.realm),
      cookie_(nonce_cookie(features)),
      lifetime_seconds_(
          std::chrono::duration_cast<std::chrono::seconds>(config.nonce_lifetime).count()) {}

std::string NonceMint::make(UnixSeconds wall, const TransportAddress& client) {
  return encode(keys_at(wall).front(), static_cast<std::uint32_t>(wall.value), client);
}

bool NonceMint::valid(std::string_view nonce, UnixSeconds wall, const TransportAddress& client) {
  if (nonce.size() != cookie_.size() + encoded_size) return false;
  const auto issued = decode_issued(nonce.substr(cookie_.size()));
  if (!issued) return false;
  const auto signed_with = [&](const NonceKey& key) {
    const std::string expected = encode(key, *issued, client);
    return CRYPTO_memcmp(expected.data(), nonce.data(), nonce.size()) == 0;
  };
  if (std::ranges::none_of(keys_at(wall), signed_with)) return false;
  // Workers may read the clock a little apart; a nonce from further ahead is not one of ours.
  const std::int64_t age = wall.value - *issued;
  return age >= -1 && age < lifetime_seconds_;
}

/// Asks for the keys no more often than they change: they are shared, and behind a lock.
const std::vector<NonceKey>& NonceMint::keys_at(UnixSeconds wall) {
  if (in_use_.keys.empty() || wall >= in_use_.until)
    in_use_ = resources_->nonce_keys(wall, *random_);
  return in_use_.keys;
}

std::string NonceMint::encode(const NonceKey& key, std::uint32_t issued,
                              const TransportAddress& client) const {
  ByteVector input(4 + 16 + 2);
  store_u32(input.data(), issued);
  std::ranges::copy(client.ip.v6_bytes(), input.begin() + 4);
  store_u16(input.data() + 20, client.port);
  std::ranges::copy(as_bytes(realm_), std::back_inserter(input));
  const auto mac = stun::hmac_sha256(key, input);

  std::array<std::uint8_t, 4 + mac_size> plain;
  std::copy_n(input.begin(), 4, plain.begin());
  std::copy_n(mac.begin(), mac_size, plain.begin() + 4);
  return cookie_ + base64(plain);
}

}  // namespace stile::relay
