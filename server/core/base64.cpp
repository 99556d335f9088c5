#include "server/core/base64.hpp"

#include <openssl/evp.h>

namespace stile::relay {

std::string base64(Bytes bytes) {
  ByteVector text((bytes.size() + 2) / 3 * 4 + 1);  // EVP_EncodeBlock ends with a zero byte
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  return std::string(as_text(Bytes(text).first(static_cast<std::size_t>(length))));
}

}  // namespace stile::relay
