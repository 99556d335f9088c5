#include "server/import/coturn_file.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace stile::server {

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::string_view unquoted(std::string_view text) {
  if (!text.starts_with('"')) return text;
  text.remove_prefix(1);
  if (text.ends_with('"')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool CoturnSetting::is_off() const {
  constexpr std::array<std::string_view, 4> words{"0", "false", "no", "off"};
  return std::ranges::find(words, value) != words.end();
}

CoturnFile::CoturnFile(std::istream& text) {
  std::string each;
  for (unsigned line = 1; std::getline(text, each); ++line) {
    const std::string_view content = trimmed(each);
    if (content.empty() || content.starts_with('#')) continue;
    const std::size_t end = std::min(content.find_first_of("= \t"), content.size());
    const std::size_t value = std::min(content.find_first_not_of("= \t", end), content.size());
    settings_.push_back(
        {line, std::string(content.substr(0, end)), std::string(unquoted(content.substr(value)))});
  }
}

std::vector<const CoturnSetting*> CoturnFile::all(std::string_view key) const {
  std::vector<const CoturnSetting*> found;
  for (const CoturnSetting& setting : settings_)
    if (setting.key == key) found.push_back(&setting);
  return found;
}

const CoturnSetting* CoturnFile::last(std::string_view key) const {
  const auto found = all(key);
  return found.empty() ? nullptr : found.back();
}

bool CoturnFile::has(std::string_view key) const {
  const CoturnSetting* const setting = last(key);
  return setting && !setting->is_off();
}

std::vector<std::string> CoturnFile::values(std::string_view key) const {
  std::vector<std::string> found;
  for (const CoturnSetting* setting : all(key)) found.push_back(setting->value);
  return found;
}

}  // namespace stile::server
