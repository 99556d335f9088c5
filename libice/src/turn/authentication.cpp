#include "stile/turn/authentication.hpp"

#include <algorithm>

namespace stile::turn {

using stun::AttributeType;

namespace {

/// RFC 8489 §9.2: a NONCE that begins with the nonce cookie carries 24 bits of security features in
/// base64.
constexpr std::string_view nonce_cookie = "obMatJos2";
constexpr std::uint32_t password_algorithms_bit = 1u << 0;  // RFC 8489 §18.1
constexpr std::uint32_t username_anonymity_bit = 1u << 1;

constexpr std::size_t longest_algorithms =
    256;  ///< Limit: bytes of PASSWORD-ALGORITHMS, which each request repeats

std::uint32_t base64_digit(char c) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = digits.find(c);
  return at == digits.npos ? 0 : static_cast<std::uint32_t>(at);
}

std::uint32_t security_features(std::string_view nonce) {
  if (!nonce.starts_with(nonce_cookie) || nonce.size() < nonce_cookie.size() + 4) return 0;
  std::uint32_t bits = 0;
  for (const char c : nonce.substr(nonce_cookie.size(), 4)) bits = bits << 6 | base64_digit(c);
  return bits;
}

}  // namespace

// RFC 8489 §9.2.5.
Authentication::Verdict Authentication::take_challenge(const stun::MessageView& response,
                                                       bool signed_before) {
  const auto nonce = response.get<stun::Nonce>();
  const auto realm = response.get<stun::Realm>();
  const auto error = response.get<stun::ErrorCode>();
  if (!nonce || nonce->text.empty() || !error || (!realm && !is_challenged()))
    return Verdict::unusable_challenge;
  const std::string_view new_realm = realm ? realm->text : std::string_view(realm_);
  const bool stale = error->number == static_cast<std::uint16_t>(stun::ErrorNumber::stale_nonce);
  if (!stale && signed_before && new_realm == realm_) return Verdict::wrong_credentials;

  const std::uint32_t features = security_features(nonce->text);
  if (features & password_algorithms_bit && !response.has(AttributeType::password_algorithms))
    return Verdict::unusable_challenge;
  if (!choose_algorithm(response)) return Verdict::unusable_challenge;

  realm_ = new_realm;
  nonce_ = nonce->text;
  anonymous_ = (features & username_anonymity_bit) != 0;
  key_ = stun::long_term_key(algorithm_, credentials_.username, realm_, credentials_.password);
  return Verdict::retry;
}

/// Who has offered algorithms once is asked with MESSAGE-INTEGRITY-SHA256 only.
bool Authentication::choose_algorithm(const stun::MessageView& response) {
  const auto attribute = response.find(AttributeType::password_algorithms);
  if (!attribute) return !algorithms_offered_;
  if (attribute->value.size() > longest_algorithms) return false;
  const auto offered = stun::PasswordAlgorithms::parse(attribute->value, response);
  if (!offered) return false;
  for (const auto& entry : offered->algorithms) {
    if (entry.number != 1 && entry.number != 2) continue;
    algorithm_ = static_cast<stun::PasswordAlgorithmNumber>(entry.number);
    algorithms_offered_ = copy_of(attribute->value);
    return true;
  }
  return false;
}

void Authentication::sign(stun::MessageBuilder& builder) const {
  if (!is_challenged()) return;
  if (anonymous_)
    builder.add(stun::Userhash{stun::userhash(credentials_.username, realm_)});
  else
    builder.add(stun::Username{credentials_.username});
  builder.add(stun::Realm{realm_}).add(stun::Nonce{nonce_});
  if (!algorithms_offered_) {
    builder.add_message_integrity(key_);
    return;
  }
  builder.add(AttributeType::password_algorithms, *algorithms_offered_)
      .add(stun::PasswordAlgorithm{{static_cast<std::uint16_t>(algorithm_), {}}})
      .add_message_integrity_sha256(key_);
}

bool Authentication::verify(const stun::MessageView& response) const {
  return algorithms_offered_ ? stun::verify_message_integrity_sha256(response, key_)
                             : stun::verify_message_integrity(response, key_);
}

}  // namespace stile::turn
