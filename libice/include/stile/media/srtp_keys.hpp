#pragma once

#include <cstdint>
#include <string_view>

#include "stile/base/bytes.hpp"

namespace stile::media {

/// RFC 5764 §4.1.2 and RFC 7714 §14.2, by their numbers in use_srtp.
enum class SrtpProfile : std::uint16_t {
  aes128_cm_sha1_80 = 0x0001,
  aes128_cm_sha1_32 = 0x0002,
  aead_aes_128_gcm = 0x0007,
  aead_aes_256_gcm = 0x0008,
};
std::string_view to_string(SrtpProfile profile);

struct SrtpKeySizes {
  std::size_t key;
  std::size_t salt;
};
/// RFC 3711 §8.2, RFC 7714 §12: bytes of the master key and of the master salt.
SrtpKeySizes key_sizes(SrtpProfile profile);

/// What a DTLS handshake has agreed on (RFC 5764 §4.2): for each direction the master key and
/// behind it the master salt.
struct SrtpKeys {
  SrtpProfile profile;
  ByteVector ours;    ///< for what we send
  ByteVector theirs;  ///< for what comes
};

}  // namespace stile::media
