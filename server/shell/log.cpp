#include "server/shell/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace stile::server {

namespace {

constexpr std::array<std::string_view, 4> level_names{"error", "warning", "info", "debug"};

std::string utc_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.count()),
                     milliseconds.count());
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

bool is_plain(char c) {
  return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

std::string text_value(const LogField& field) {
  const bool plain = !field.value.empty() && std::ranges::all_of(field.value, is_plain);
  return plain ? field.value : quoted(field.value);
}

std::string json_value(const LogField& field) {
  return field.kind == LogField::Kind::number ? field.value : quoted(field.value);
}

}  // namespace

std::string_view name_of(LogLevel level) {
  return level_names[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> log_level(std::string_view name) {
  const auto found = std::ranges::find(level_names, name);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<LogLevel>(found - level_names.begin());
}

Log::Log(const Settings& settings, int fd) : fd_(fd), level_(settings.level), settings_(settings) {}

void Log::set(const Settings& settings) {
  const std::lock_guard lock(mutex_);
  level_ = settings.level;
  settings_ = settings;
}

void Log::write(Instant now, LogLevel level, std::string_view event,
                std::initializer_list<LogField> fields) {
  if (!takes(level)) return;
  const std::lock_guard lock(mutex_);
  if (has_room(now, event)) print(level, event, fields);
}

void Log::flush(Instant now) {
  const std::lock_guard lock(mutex_);
  for (auto& [event, second] : seconds_)
    if (second.end <= now) tell_left_out(event, second);
}

bool Log::has_room(Instant now, std::string_view event) {
  auto found = seconds_.find(event);
  if (found == seconds_.end()) found = seconds_.emplace(event, Second{}).first;
  Second& second = found->second;
  if (second.end <= now) {
    tell_left_out(found->first, second);
    second = {now + std::chrono::seconds(1), 0, 0};
  }
  if (second.lines < lines_per_second) return ++second.lines > 0;
  ++second.left_out;
  return false;
}

void Log::tell_left_out(const std::string& event, Second& second) {
  const unsigned lines = std::exchange(second.left_out, 0u);
  if (lines > 0) print(LogLevel::warning, "left-out", {{"event", event}, {"lines", lines}});
}

void Log::print(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  const bool addresses = settings_.addresses || settings_.level == LogLevel::debug;
  const bool json = settings_.format == LogFormat::json;
  std::string line =
      fmt::format(fmt::runtime(json ? R"({{"time":"{}","level":"{}","event":"{}")" : "{} {} {}"),
                  utc_now(), name_of(level), event);
  for (const LogField& field : fields) {
    if (field.kind == LogField::Kind::client_address && !addresses) continue;
    line += json ? fmt::format(R"(,"{}":{})", field.name, json_value(field))
                 : fmt::format(" {}={}", field.name, text_value(field));
  }
  line += json ? "}\n" : "\n";
  // One call for a line keeps the threads' lines apart. What cannot be written is lost.
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace stile::server
