#include "stile/media/srtp_keys.hpp"

namespace stile::media {

std::string_view to_string(SrtpProfile profile) {
  switch (profile) {
    case SrtpProfile::aes128_cm_sha1_80:
      return "SRTP_AES128_CM_SHA1_80";
    case SrtpProfile::aes128_cm_sha1_32:
      return "SRTP_AES128_CM_SHA1_32";
    case SrtpProfile::aead_aes_128_gcm:
      return "SRTP_AEAD_AES_128_GCM";
    case SrtpProfile::aead_aes_256_gcm:
      return "SRTP_AEAD_AES_256_GCM";
  }
  return "";
}

SrtpKeySizes key_sizes(SrtpProfile profile) {
  switch (profile) {
    case SrtpProfile::aes128_cm_sha1_80:
    case SrtpProfile::aes128_cm_sha1_32:
      return {16, 14};
    case SrtpProfile::aead_aes_128_gcm:
      return {16, 12};
    case SrtpProfile::aead_aes_256_gcm:
      return {32, 12};
  }
  return {0, 0};
}

}  // namespace stile::media
