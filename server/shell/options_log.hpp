#pragma once

#include <string>

#include "server/shell/options.hpp"

namespace CLI {
class App;
}

namespace stile::server {

/// The flags that say what is told about the server's work, and to whom.
struct LogFlags {
  std::string level = "info";
  std::string format = "text";
  bool addresses = false;
  std::string control = default_control;

  void define(CLI::App& app);
  void apply(Options& options) const;
};

}  // namespace stile::server
