#include "stile/media/fingerprint.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

namespace stile::media {

namespace {

struct HashName {
  std::string_view name;
  Hash hash;
  std::size_t size;
};
constexpr std::array hashes{HashName{"sha-256", Hash::sha256, 32},
                            HashName{"sha-384", Hash::sha384, 48},
                            HashName{"sha-512", Hash::sha512, 64}};

const EVP_MD* digest_of(Hash hash) {
  switch (hash) {
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha384:
      return EVP_sha384();
    case Hash::sha512:
      return EVP_sha512();
  }
  return EVP_sha256();
}

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
  return std::nullopt;
}

/// AA:BB:..., of exactly this many bytes.
std::optional<ByteVector> parse_hex(std::string_view text, std::size_t size) {
  if (text.size() != 3 * size - 1) return std::nullopt;
  ByteVector bytes;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const auto high = hex_digit(text[i]);
    const auto low = hex_digit(text[i + 1]);
    const bool separated = i + 2 == text.size() || text[i + 2] == ':';
    if (!high || !low || !separated) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return bytes;
}

bool is_same_word(std::string_view text, std::string_view word) {
  return std::ranges::equal(text, word, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

}  // namespace

std::string_view to_string(Hash hash) {
  return std::ranges::find(hashes, hash, &HashName::hash)->name;
}

std::expected<Fingerprint, std::string> Fingerprint::parse(std::string_view text) {
  const auto space = text.find(' ');
  const auto known = std::ranges::find_if(
      hashes, [&](const HashName& each) { return is_same_word(text.substr(0, space), each.name); });
  if (space == text.npos || known == hashes.end())
    return std::unexpected("a fingerprint is sha-256, sha-384 or sha-512 and a digest");
  auto digest = parse_hex(text.substr(space + 1), known->size);
  if (!digest)
    return std::unexpected("the digest of " + std::string(known->name) + " is " +
                           std::to_string(known->size) + " bytes as AA:BB:...");
  return Fingerprint{known->hash, std::move(*digest)};
}

Fingerprint Fingerprint::of(Bytes der, Hash hash) {
  ByteVector digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EVP_Digest(der.data(), der.size(), digest.data(), &size, digest_of(hash), nullptr);
  digest.resize(size);
  return {hash, std::move(digest)};
}

std::string Fingerprint::to_string() const {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text(media::to_string(hash));
  char separator = ' ';
  for (const std::uint8_t byte : digest) {
    text += separator;
    text += digits[byte >> 4];
    text += digits[byte & 15];
    separator = ':';
  }
  return text;
}

bool matches(Bytes der, std::span<const Fingerprint> fingerprints) {
  if (fingerprints.empty()) return false;
  const Hash best = std::ranges::max(fingerprints, {}, &Fingerprint::hash).hash;
  return std::ranges::find(fingerprints, Fingerprint::of(der, best)) != fingerprints.end();
}

}  // namespace stile::media
