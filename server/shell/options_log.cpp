#include "server/shell/options_log.hpp"

#include <CLI/CLI.hpp>

namespace stile::server {

void LogFlags::define(CLI::App& app) {
  app.add_option("--log-level", level, "error, warning, info or debug; on standard error")
      ->check(CLI::IsMember({"error", "warning", "info", "debug"}));
  app.add_option("--log-format", format, "text or json")->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--log-addresses", addresses,
               "clients' addresses at every level, not at debug alone");
  app.add_option("--control", control,
                 "Unix socket for `stile-server ctl`; @NAME is an abstract one; empty: none");
}

void LogFlags::apply(Options& options) const {
  options.log = {*log_level(level), format == "json" ? LogFormat::json : LogFormat::text,
                 addresses};
  options.control = control;
}

}  // namespace stile::server
