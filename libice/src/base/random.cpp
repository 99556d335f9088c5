#include "stile/base/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace stile {

std::uint32_t Random::u32() {
  std::uint8_t bytes[4];
  fill(bytes);
  return load_u32(bytes);
}

std::uint64_t Random::u64() {
  std::uint8_t bytes[8];
  fill(bytes);
  return load_u64(bytes);
}

std::uint32_t Random::below(std::uint32_t bound) {
  // Numbers below 2^32 mod bound are drawn again, so that no remainder is more likely than another.
  // That is below the bound, and a division is slow.
  for (;;)
    if (const std::uint32_t number = u32(); number >= bound || number >= -bound % bound)
      return number % bound;
}

double Random::unit() {
  return static_cast<double>(u64() >> 11) * 0x1p-53;
}

std::string Random::ice_chars(std::size_t length) {
  static constexpr char alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text(length, '\0');
  fill({reinterpret_cast<std::uint8_t*>(text.data()), length});
  for (char& character : text) character = alphabet[static_cast<std::uint8_t>(character) & 63];
  return text;
}

void SystemRandom::fill(MutableBytes out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  // splitmix64 spreads the seed over the state, as the generator's authors advise.
  for (auto& word : state_) {
    std::uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    word = z ^ z >> 31;
  }
}

void SeededRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    std::uint8_t word[8];
    store_u64(word, next());
    const std::size_t count = std::min(out.size(), sizeof word);
    std::copy_n(word, count, out.begin());
    out = out.subspan(count);
  }
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace stile
