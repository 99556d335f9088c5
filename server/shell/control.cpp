#include "server/shell/control.hpp"

#include <fmt/format.h>

#include "control/error.hpp"
#include "server/shell/clock.hpp"
#include "server/shell/control_reports.hpp"
#include "server/shell/options.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

Control::Control(const std::string& path, Commands commands)
    : commands_(std::move(commands)),
      server_(path, [this](std::string_view line) { return answer(line); }) {}

std::string Control::answer(std::string_view line) const {
  const std::size_t space = line.find(' ');
  const auto command = commands_.find(line.substr(0, space));
  if (command == commands_.end()) return describe_error(fmt::format("'{}' is no command", line));
  try {
    return command->second(space == line.npos ? std::string_view() : line.substr(space + 1));
  } catch (const control::Error& error) {
    return describe_error(error.what());
  }
}

std::unique_ptr<Control> open_control(const std::string& path, Control::Commands commands,
                                      Log& log) {
  if (path.empty()) return nullptr;
  try {
    return std::make_unique<Control>(path, std::move(commands));
  } catch (const control::Error& error) {
    if (path != default_control) throw StartError(error.what());
    log.write(steady_now(), LogLevel::warning, "no-control",
              {{"message", std::string_view(error.what())}});
    return nullptr;
  }
}

}  // namespace stile::server
