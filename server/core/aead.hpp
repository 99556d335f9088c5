#pragma once

#include <optional>

#include "stile/base/bytes.hpp"

namespace stile::relay {

// AES-GCM (RFC 5116 §5.1, §5.2): a key of 16 or 32 bytes, a nonce of 12 that is never used twice
// with one key, and a tag of 16 behind the ciphertext.

inline constexpr std::size_t aead_nonce_size = 12;
inline constexpr std::size_t aead_tag_size = 16;

constexpr bool is_aead_key_size(std::size_t size) {
  return size == 16 || size == 32;
}

/// plain.size() + aead_tag_size bytes.
ByteVector aead_seal(Bytes key, Bytes nonce, Bytes plain, Bytes associated = {});
/// The plaintext, or nothing if it was not sealed so.
std::optional<ByteVector> aead_open(Bytes key, Bytes nonce, Bytes sealed, Bytes associated = {});

}  // namespace stile::relay
