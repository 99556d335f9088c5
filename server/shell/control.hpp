#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "control/server.hpp"
#include "server/shell/log.hpp"

namespace stile::server {

/// Answers `stile-server ctl`. The first word of a line names the command, the rest is its
/// argument.
class Control {
 public:
  /// One JSON object. Throws control::Error for what it cannot do.
  using Command = std::function<std::string(std::string_view argument)>;
  using Commands = std::map<std::string, Command, std::less<>>;

  /// Throws control::Error if the socket cannot be had.
  Control(const std::string& path, Commands commands);

  /// Readable when there is something to do.
  int fd() const { return server_.fd(); }
  void handle_ready() { server_.handle_ready(); }

 private:
  std::string answer(std::string_view line) const;

  Commands commands_;
  control::Server server_;
};

/// For `--control`; null if that is empty. Who has not asked for one goes without where another
/// server has the default's name. Throws StartError.
std::unique_ptr<Control> open_control(const std::string& path, Control::Commands commands,
                                      Log& log);

}  // namespace stile::server
