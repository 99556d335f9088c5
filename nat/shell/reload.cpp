#include "nat/shell/reload.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

namespace stile::nat::shell {

namespace {

constexpr std::array<std::string_view, 22> changeable{"udp-timeout",
                                                      "udp-port-timeout",
                                                      "udp-unanswered-timeout",
                                                      "icmp-timeout",
                                                      "tcp-established-timeout",
                                                      "tcp-transitory-timeout",
                                                      "tcp-opening-timeout",
                                                      "tcp-closing-timeout",
                                                      "esp-timeout",
                                                      "max-mappings",
                                                      "max-sessions",
                                                      "ports-per-host",
                                                      "sessions-per-host",
                                                      "sessions-per-mapping",
                                                      "new-ports-per-second",
                                                      "explicit-per-host",
                                                      "refusal",
                                                      "forward",
                                                      "log-detail",
                                                      "delay",
                                                      "jitter",
                                                      "loss"};

struct Values {
  std::vector<std::string> texts;
  std::string place;  ///< of the first
};
using Keys = std::map<std::string, Values>;

Keys keys_of(const std::vector<Setting>& settings) {
  Keys keys;
  for (const Setting& setting : settings) {
    Values& values = keys[setting.key];
    if (values.texts.empty()) values.place = setting.place;
    values.texts.push_back(setting.value);
  }
  return keys;
}

bool is_changeable(const std::string& key) {
  return std::ranges::count(changeable, key) != 0;
}

std::string refusal(const std::string& place, const std::string& key) {
  return place + ": '" + key + "' takes a new start to change";
}

}  // namespace

std::optional<std::string> problem_with_change(const RunOptions& running,
                                               const RunOptions& wanted) {
  const Keys before = keys_of(running.settings);
  const Keys after = keys_of(wanted.settings);
  for (const auto& [key, values] : after) {
    const auto old = before.find(key);
    if (!is_changeable(key) && (old == before.end() || old->second.texts != values.texts))
      return refusal(values.place, key);
  }
  for (const auto& [key, values] : before)
    if (!is_changeable(key) && !after.contains(key)) return refusal(wanted.config_file, key);
  return std::nullopt;
}

}  // namespace stile::nat::shell
