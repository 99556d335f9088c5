#include "stile/stun/credentials.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

namespace stile::stun {

namespace {

/// HMAC (RFC 2104) with the digest of `hash`, over several pieces, without heap allocation of our
/// own. The key's two padded blocks are hashed first: OpenSSL's own HMAC looks its algorithm up by
/// name at each call, which costs more.
template <class Digest>
class Hmac {
 public:
  Hmac(const EVP_MD* hash, Bytes key) : hash_(hash) {
    std::array<std::uint8_t, 64> block{};
    if (key.size() > block.size())
      EVP_Digest(key.data(), key.size(), block.data(), nullptr, hash_, nullptr);
    else
      std::copy(key.begin(), key.end(), block.begin());
    for (std::size_t i = 0; i < block.size(); ++i) {
      outer_[i] = block[i] ^ 0x5c;
      block[i] ^= 0x36;
    }
    EVP_DigestInit_ex2(state(), hash_, nullptr);
    EVP_DigestUpdate(state(), block.data(), block.size());
  }

  Hmac& update(Bytes data) {
    EVP_DigestUpdate(state(), data.data(), data.size());
    return *this;
  }

  Digest finish() {
    Digest digest{};
    EVP_DigestFinal_ex(state(), digest.data(), nullptr);
    EVP_DigestInit_ex2(state(), hash_, nullptr);
    EVP_DigestUpdate(state(), outer_.data(), outer_.size());
    EVP_DigestUpdate(state(), digest.data(), digest.size());
    EVP_DigestFinal_ex(state(), digest.data(), nullptr);
    return digest;
  }

 private:
  /// One digest state for each thread; an Hmac is made, fed and finished before the next one
  /// starts.
  static EVP_MD_CTX* state() {
    struct Owner {
      EVP_MD_CTX* context = EVP_MD_CTX_new();
      ~Owner() { EVP_MD_CTX_free(context); }
    };
    thread_local Owner owner;
    return owner.context;
  }

  const EVP_MD* hash_;
  std::array<std::uint8_t, 64> outer_{};
};

/// Fetched once: EVP_sha1() and its like are looked up again at each use.
const EVP_MD* sha1_hash() {
  static const EVP_MD* const hash = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return hash;
}
const EVP_MD* sha256_hash() {
  static const EVP_MD* const hash = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return hash;
}

/// The HMAC over the message up to the attribute, as if the message ended with it (RFC 8489 §14.5,
/// §14.6).
template <class Digest>
Digest digest_up_to(const MessageView& message, const AttributeView& attribute, const EVP_MD* hash,
                    const Key& key) {
  std::uint8_t length[2];
  store_u16(length, static_cast<std::uint16_t>(attribute.offset + 4 + attribute.value.size() -
                                               header_size));
  const Bytes bytes = message.bytes();
  return Hmac<Digest>(hash, key.bytes())
      .update(bytes.first(2))
      .update(length)
      .update(bytes.subspan(4, attribute.offset - 4))
      .finish();
}

std::string joined(std::string_view username, std::string_view realm) {
  std::string text;
  text.reserve(username.size() + 1 + realm.size());
  return text.append(username).append(":").append(realm);
}

}  // namespace

Key short_term_key(std::string_view password) {
  return Key(as_bytes(password));
}

Key long_term_key(PasswordAlgorithmNumber algorithm, std::string_view username,
                  std::string_view realm, std::string_view password) {
  const std::string text = joined(username, realm).append(":").append(password);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  const EVP_MD* hash = algorithm == PasswordAlgorithmNumber::md5 ? EVP_md5() : sha256_hash();
  // Where a policy has removed MD5 the key stays empty and no message verifies with it.
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, hash, nullptr) != 1) return {};
  return Key(Bytes(digest).first(length));
}

bool verify_message_integrity(const MessageView& message, const Key& key) {
  const auto attribute = message.find(AttributeType::message_integrity);
  if (!attribute || attribute->value.size() != Sha1Digest{}.size() || key.empty()) return false;
  const auto digest = digest_up_to<Sha1Digest>(message, *attribute, sha1_hash(), key);
  return CRYPTO_memcmp(digest.data(), attribute->value.data(), digest.size()) == 0;
}

bool verify_message_integrity_sha256(const MessageView& message, const Key& key) {
  const auto attribute = message.find(AttributeType::message_integrity_sha256);
  if (!attribute || key.empty()) return false;
  const std::size_t size = attribute->value.size();
  if (size < 16 || size > Sha256Digest{}.size() || size % 4 != 0) return false;
  const auto digest = digest_up_to<Sha256Digest>(message, *attribute, sha256_hash(), key);
  return CRYPTO_memcmp(digest.data(), attribute->value.data(), size) == 0;
}

Sha1Digest hmac_sha1(Bytes key, Bytes data) {
  return Hmac<Sha1Digest>(sha1_hash(), key).update(data).finish();
}
Sha256Digest hmac_sha256(Bytes key, Bytes data) {
  return Hmac<Sha256Digest>(sha256_hash(), key).update(data).finish();
}

Sha256Digest sha256(Bytes data) {
  Sha256Digest digest{};
  EVP_Digest(data.data(), data.size(), digest.data(), nullptr, sha256_hash(), nullptr);
  return digest;
}

Sha256Digest userhash(std::string_view username, std::string_view realm) {
  return sha256(as_bytes(joined(username, realm)));
}

}  // namespace stile::stun
