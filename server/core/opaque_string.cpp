#include "server/core/opaque_string.hpp"

#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace stile::relay {

namespace {

struct Free {
  void operator()(std::uint8_t* text) const { std::free(text); }
};
using Utf8 = std::unique_ptr<std::uint8_t[], Free>;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// RFC 8264 §4.3.1: letters, marks, numbers, punctuation, symbols and spaces.
// Limit: RFC 8264 §9.7, §9.8: the joiners and the old jamo, which depend on what is around them,
// are not told apart.
bool is_freeform(ucs4_t character) {
  return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
                                                         UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_P |
                                                         UC_CATEGORY_MASK_S | UC_CATEGORY_MASK_Zs);
}

bool is_space(ucs4_t character) {
  return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Zs);
}

/// RFC 8265 §4.2.1 and the second rule of §4.2.2; empty if a character is not allowed.
std::basic_string<std::uint8_t> with_plain_spaces(std::string_view text) {
  std::basic_string<std::uint8_t> mapped;
  const auto* at = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto* const end = at + text.size();
  while (at < end) {
    ucs4_t character = 0;
    const int length = u8_mbtoucr(&character, at, static_cast<std::size_t>(end - at));
    if (length <= 0 || !is_freeform(character)) return {};
    if (is_space(character))
      mapped.push_back(' ');
    else
      mapped.append(at, static_cast<std::size_t>(length));
    at += length;
  }
  return mapped;
}

}  // namespace

std::string opaque_string(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  const auto mapped = with_plain_spaces(text);
  if (mapped.empty()) return std::string(text);
  std::size_t length = 0;
  const Utf8 composed(u8_normalize(UNINORM_NFC, mapped.data(), mapped.size(), nullptr, &length));
  if (!composed) return std::string(text);
  return {reinterpret_cast<const char*>(composed.get()), length};
}

}  // namespace stile::relay
