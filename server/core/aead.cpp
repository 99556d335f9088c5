#include "server/core/aead.hpp"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace stile::relay {

namespace {

struct Free {
  void operator()(EVP_CIPHER_CTX* cipher) const { EVP_CIPHER_CTX_free(cipher); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, Free>;

enum class Direction : int { open = 0, seal = 1 };

Cipher cipher_for(Direction direction, Bytes key, Bytes nonce, Bytes associated) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* const algorithm = key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
  int length = 0;
  const bool ready = cipher && is_aead_key_size(key.size()) && nonce.size() == aead_nonce_size &&
                     EVP_CipherInit_ex(cipher.get(), algorithm, nullptr, key.data(), nonce.data(),
                                       static_cast<int>(direction)) == 1 &&
                     EVP_CipherUpdate(cipher.get(), nullptr, &length, associated.data(),
                                      static_cast<int>(associated.size())) == 1;
  return ready ? std::move(cipher) : Cipher();
}

/// EVP writes nowhere when there is nothing to read, but wants to be given a place.
bool update(const Cipher& cipher, MutableBytes out, Bytes in) {
  int length = 0;
  return in.empty() || EVP_CipherUpdate(cipher.get(), out.data(), &length, in.data(),
                                        static_cast<int>(in.size())) == 1;
}

}  // namespace

ByteVector aead_seal(Bytes key, Bytes nonce, Bytes plain, Bytes associated) {
  const Cipher cipher = cipher_for(Direction::seal, key, nonce, associated);
  ByteVector sealed(plain.size() + aead_tag_size);
  std::uint8_t* const tag = sealed.data() + plain.size();
  int length = 0;
  const bool done =
      cipher && update(cipher, sealed, plain) &&
      EVP_CipherFinal_ex(cipher.get(), tag, &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, aead_tag_size, tag) == 1;
  if (!done) std::abort();  // a key or a nonce of a wrong size
  return sealed;
}

std::optional<ByteVector> aead_open(Bytes key, Bytes nonce, Bytes sealed, Bytes associated) {
  if (sealed.size() < aead_tag_size) return std::nullopt;
  const Cipher cipher = cipher_for(Direction::open, key, nonce, associated);
  ByteVector plain(sealed.size() - aead_tag_size);
  ByteVector tag = copy_of(sealed.last(aead_tag_size));
  std::uint8_t nothing = 0;
  int length = 0;
  const bool genuine =
      cipher && update(cipher, plain, sealed.first(plain.size())) &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, aead_tag_size, tag.data()) == 1 &&
      EVP_CipherFinal_ex(cipher.get(), &nothing, &length) == 1;
  return genuine ? std::optional(std::move(plain)) : std::nullopt;
}

}  // namespace stile::relay
