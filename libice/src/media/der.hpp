#pragma once

#include <openssl/x509.h>

#include "stile/base/bytes.hpp"

namespace stile::media {

/// The certificate as it goes over the wire; empty if there is none.
inline ByteVector der_of(const X509* certificate) {
  const int size = certificate ? i2d_X509(certificate, nullptr) : 0;
  if (size <= 0) return {};
  ByteVector der(static_cast<std::size_t>(size));
  unsigned char* out = der.data();
  i2d_X509(certificate, &out);
  return der;
}

}  // namespace stile::media
