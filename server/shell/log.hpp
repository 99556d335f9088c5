#pragma once

#include <atomic>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

enum class LogLevel : unsigned char { error, warning, info, debug };
enum class LogFormat : unsigned char { text, json };

/// The word of the command line, and back.
std::string_view name_of(LogLevel level);
std::optional<LogLevel> log_level(std::string_view name);

/// One thing that a line says.
struct LogField {
  enum class Kind : unsigned char { text, number, client_address };

  LogField(std::string_view field, std::string_view text, Kind of = Kind::text)
      : name(field), value(text), kind(of) {}
  LogField(std::string_view field, std::uint64_t number)
      : name(field), value(std::to_string(number)), kind(Kind::number) {}
  LogField(std::string_view field, const TransportAddress& client)
      : name(field), value(client.to_string()), kind(Kind::client_address) {}

  std::string_view name;
  std::string value;
  Kind kind = Kind::text;
};

/// Lines on standard error, from all threads:
/// `2026-01-31T12:00:00.000Z info allocation-created user=alice relayed=192.0.2.1:50000`, or the
/// same as a JSON object. Where clients are is left out unless it is asked for.
class Log {
 public:
  struct Settings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    bool addresses = false;  ///< with LogLevel::debug always
  };
  /// Limit: lines of one event in a second; the others are counted, and their number is told.
  static constexpr unsigned lines_per_second = 100;

  explicit Log(const Settings& settings, int fd = 2);

  void set(const Settings& settings);
  bool takes(LogLevel level) const { return level <= level_; }
  void write(Instant now, LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields);
  /// Tells what has been left out in seconds that are over.
  void flush(Instant now);

 private:
  struct Second {
    Instant end{};
    unsigned lines = 0;
    unsigned left_out = 0;
  };
  using Seconds = std::map<std::string, Second, std::less<>>;

  bool has_room(Instant now, std::string_view event);
  void tell_left_out(const std::string& event, Second& second);
  void print(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

  const int fd_;
  std::atomic<LogLevel> level_;
  std::mutex mutex_;
  Settings settings_;
  Seconds seconds_;
};

}  // namespace stile::server
