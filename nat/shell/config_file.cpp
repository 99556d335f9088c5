#include "nat/shell/config_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

std::string place(const std::string& path, const toml::source_region& source) {
  return fmt::format("{}:{}:{}", path, source.begin.line, source.begin.column);
}

/// Nothing if the value is not of the kind.
std::optional<std::string> text_of(const toml::node& node, KeyKind kind) {
  if (kind == KeyKind::flag) {
    if (!node.is_boolean()) return std::nullopt;
    return *node.value<bool>() ? "true" : "false";
  }
  if (node.is_string()) return *node.value<std::string>();
  if (node.is_integer()) return std::to_string(*node.value<std::int64_t>());
  if (node.is_floating_point()) return fmt::format("{}", *node.value<double>());
  return std::nullopt;
}

}  // namespace

std::string read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.fail() && errno != 0)
    throw UsageProblem(fmt::format("{}: {}; give the path of a file that can be read", path,
                                   std::strerror(errno)));
  return text;
}

toml::table parse_config(const std::string& text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw UsageProblem(fmt::format("{}: {}", place(name, error.source()), error.description()));
  }
}

std::vector<Setting> read_config_file(const std::string& path, const KindOf& kind_of) {
  return settings_of(parse_config(read_text_file(path), path), path, kind_of);
}

std::vector<Setting> settings_of(const toml::table& table, const std::string& path,
                                 const KindOf& kind_of) {
  std::vector<Setting> settings;
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    const KeyKind kind = kind_of(key);
    if (kind == KeyKind::unknown)
      throw UsageProblem(fmt::format("{}: there is no key '{}'; see stile-nat --help",
                                     place(path, name.source()), key));
    const auto add = [&](const toml::node& value) {
      const std::string where = place(path, value.source());
      const auto text = text_of(value, kind);
      if (!text)
        throw UsageProblem(fmt::format(
            "{}: '{}' takes {}", where, key,
            kind == KeyKind::flag ? "true or false" : "a text or a number, or a list of them"));
      settings.push_back({key, *text, where});
    };
    if (const auto* list = node.as_array())
      for (const toml::node& each : *list) add(each);
    else
      add(node);
  }
  return settings;
}

}  // namespace stile::nat::shell
