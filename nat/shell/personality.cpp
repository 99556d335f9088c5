#include "nat/shell/personality.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

/// What says where a NAT stands, not what it is like.
constexpr std::array<std::string_view, 9> not_behavior{
    "inside", "outside", "external", "forward", "static", "no-nat", "control", "log", "like"};

std::string text_of(const std::string& name) {
  if (name.find_first_of("/.") != name.npos) return read_text_file(name);
  const auto shipped = shipped_personalities();
  const auto found = std::ranges::find(shipped, name, &ShippedPersonality::name);
  if (found == shipped.end())
    throw UsageProblem(
        fmt::format("--like: there is no '{}'; --like list names those there are", name));
  return std::string(found->text);
}

Personality personality_of(toml::table table, const std::string& name, const KindOf& kind_of) {
  Personality personality;
  personality.about = table["about"].value_or("");
  const toml::table* source = table["source"].as_table();
  const toml::table sources = source ? *source : toml::table{};
  table.erase("about");
  table.erase("source");
  personality.settings = settings_of(table, name, [&](const std::string& key) {
    return std::ranges::count(not_behavior, key) != 0 ? KeyKind::unknown : kind_of(key);
  });
  for (const Setting& setting : personality.settings)
    if (!sources.contains(setting.key)) personality.without_source.push_back(setting.key);
  return personality;
}

}  // namespace

Personality read_personality(const std::string& name, const KindOf& kind_of) {
  return personality_of(parse_config(text_of(name), name), name, kind_of);
}

std::string list_of_personalities() {
  std::string list;
  for (const ShippedPersonality& each : shipped_personalities()) {
    const toml::table table = parse_config(std::string(each.text), std::string(each.name));
    list += fmt::format("{:<24} {}\n", each.name, table["about"].value_or(""));
  }
  return list;
}

}  // namespace stile::nat::shell
