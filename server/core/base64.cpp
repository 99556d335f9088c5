#include "server/core/base64.hpp"

#include <openssl/evp.h>

namespace stile::relay {

std::string base64(Bytes bytes) {
  ByteVector text((bytes.size() + 2) / 3 * 4 + 1);  // EVP_EncodeBlock ends with a zero byte
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
  return std::string(as_text(Bytes(text).first(static_cast<std::size_t>(length))));
}

// EVP_DecodeBlock overlooks spaces around the text, and takes padding for zeros.
std::optional<ByteVector> from_base64(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  ByteVector bytes(text.size() / 4 * 3);
  const int length =
      EVP_DecodeBlock(bytes.data(), as_bytes(text).data(), static_cast<int>(text.size()));
  if (length < 0 || static_cast<std::size_t>(length) != bytes.size()) return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

}  // namespace stile::relay
