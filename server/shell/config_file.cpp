#include "server/shell/config_file.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "server/shell/start_error.hpp"

namespace stile::server {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 4096> part;
  while (file.read(part.data(), part.size()) || file.gcount() > 0)
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  if (!file.eof())
    throw StartError(
        fmt::format("{}: {}; give --config a file that can be read", path, std::strerror(errno)));
  return text;
}

std::string place(const std::string& path, const toml::source_region& source) {
  return fmt::format("{}:{}:{}", path, source.begin.line, source.begin.column);
}

toml::table parse(const std::string& path) {
  try {
    return toml::parse(read_file(path), path);
  } catch (const toml::parse_error& error) {
    throw StartError(fmt::format("{}: {}", place(path, error.source()), error.description()));
  }
}

/// Nothing if the value is not of the kind.
std::optional<std::string> text_of(const toml::node& node, KeyKind kind) {
  if (kind == KeyKind::flag) {
    if (!node.is_boolean()) return std::nullopt;
    return *node.value<bool>() ? "true" : "false";
  }
  if (node.is_string()) return *node.value<std::string>();
  if (node.is_integer()) return std::to_string(*node.value<std::int64_t>());
  return std::nullopt;
}

}  // namespace

std::vector<Setting> read_config_file(const std::string& path,
                                      const std::function<KeyKind(const std::string&)>& kind_of) {
  const toml::table table = parse(path);
  std::vector<Setting> settings;
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    const KeyKind kind = kind_of(key);
    if (kind == KeyKind::unknown)
      throw StartError(fmt::format("{}: there is no key '{}'; see stile-server --help",
                                   place(path, name.source()), key));
    const auto add = [&](const toml::node& each) {
      const std::string where = place(path, each.source());
      const auto text = text_of(each, kind);
      if (!text)
        throw StartError(
            fmt::format("{}: '{}' takes {}", where, key,
                        kind == KeyKind::flag ? "true or false" : "a text or a whole number"));
      settings.push_back({key, *text, kind == KeyKind::flag, where});
    };
    if (const auto* list = node.as_array()) {
      for (const toml::node& each : *list) add(each);
    } else {
      add(node);
    }
  }
  return settings;
}

}  // namespace stile::server
