#include "server/shell/nonce_key_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "server/core/base64.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

namespace {

std::optional<relay::NonceKey> from_hex(std::string_view digits) {
  relay::NonceKey key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char* const first = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(first, first + 2, key[i], 16);
    if (error != std::errc() || end != first + 2) return std::nullopt;
  }
  return key;
}

std::optional<relay::NonceKey> read_key(std::string_view text) {
  relay::NonceKey key;
  if (text.size() == 2 * key.size()) return from_hex(text);
  const auto bytes = relay::from_base64(text);
  if (!bytes || bytes->size() != key.size()) return std::nullopt;
  std::ranges::copy(*bytes, key.begin());
  return key;
}

}  // namespace

std::vector<relay::NonceKey> read_nonce_keys(const std::string& path) {
  constexpr const char* advice = "give --nonce-key a file with keys of 32 bytes in hex or base64";
  std::ifstream file(path);
  if (!file) throw StartError(fmt::format("{}: {}; {}", path, std::strerror(errno), advice));
  std::vector<relay::NonceKey> keys;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    const auto key = read_key(line);
    if (!key) throw StartError(fmt::format("{}:{}: is no key; {}", path, number, advice));
    keys.push_back(*key);
  }
  if (keys.empty()) throw StartError(fmt::format("{}: has no key; {}", path, advice));
  return keys;
}

}  // namespace stile::server
