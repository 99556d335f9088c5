#include "server/shell/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "server/shell/options_limits.hpp"
#include "server/shell/options_listen.hpp"
#include "server/shell/options_log.hpp"
#include "server/shell/options_relay.hpp"
#include "server/shell/options_users.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

namespace {

/// The flags as they are written.
struct Flags {
  ListenFlags listen;
  RelayFlags relay;
  UserFlags users;
  LimitFlags limits;
  LogFlags log;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  std::string config;
  bool check_config = false;
  std::string import_coturn;
};

/// What a configuration file cannot ask for.
constexpr std::string_view command_line_only[] = {"help", "version", "config", "check-config",
                                                  "import-coturn"};

void define(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "stile-server " STILE_VERSION);
  app.add_option("--config", flags.config,
                 "TOML file; its keys are these flags, which go before it");
  app.add_flag("--check-config", flags.check_config,
               "say whether the server could start with these, and end");
  app.add_option("--import-coturn", flags.import_coturn,
                 "turnserver.conf to print as a TOML file for --config");
  flags.listen.define(app);
  flags.relay.define(app);
  flags.users.define(app);
  flags.limits.define(app);
  flags.log.define(app);
  app.add_option("--threads", flags.threads, "workers")->check(CLI::Range(1, 64));
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 1)
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    option->allow_extra_args(false);  // each value has its flag
  }
}

Options options_from(const Flags& flags) {
  Options options;
  options.threads = flags.threads;
  options.check_only = flags.check_config;
  flags.listen.apply(options);
  flags.relay.apply(options);
  flags.users.apply(options);
  flags.limits.apply(options);
  flags.log.apply(options);
  return options;
}

KeyKind kind_of(const CLI::App& app, const std::string& key) {
  const CLI::Option* const option = app.get_option_no_throw("--" + key);
  if (!option || std::ranges::find(command_line_only, key) != std::end(command_line_only))
    return KeyKind::unknown;
  return option->get_items_expected_max() == 0 ? KeyKind::flag : KeyKind::value;
}

/// The command line has been understood before: what is wrong now is in the file.
void parse_with_file(CLI::App& app, const std::vector<Setting>& settings, int count,
                     const char* const* arguments) {
  std::vector<std::string> all;
  for (const Setting& each : settings) {
    if (each.is_flag)
      all.push_back("--" + each.key + "=" + each.value);
    else
      all.insert(all.end(), {"--" + each.key, each.value});
  }
  all.insert(all.end(), arguments + 1, arguments + count);  // later, so that these count
  std::ranges::reverse(all);                                // as CLI11 takes them
  try {
    app.parse(all);
  } catch (const CLI::ParseError& error) {
    throw StartError(error.what());
  }
}

}  // namespace

std::vector<TransportAddress> Options::all_listeners() const {
  std::vector<TransportAddress> all = listen;
  for (const TransportAddress& address : listen_tls)
    if (std::ranges::find(all, address) == all.end()) all.push_back(address);
  return all;
}

std::string placed(const std::vector<Setting>& settings, const std::string& error) {
  for (const Setting& each : settings) {
    const bool about_flag = error.starts_with(fmt::format("--{} '{}'", each.key, each.value)) ||
                            error.starts_with(fmt::format("--{}:", each.key));
    const bool about_file = error.contains(each.value + ":") && error.contains("--" + each.key);
    if (about_flag || about_file) return each.place + ": " + error;
  }
  return error;
}

std::variant<Options, Print, ImportCoturn> read_options(int count, const char* const* arguments) {
  Flags flags;
  std::vector<Setting> settings;
  CLI::App app{"Stile's STUN and TURN relay server", "stile-server"};
  define(app, flags);
  try {
    app.parse(count, arguments);
    if (!flags.import_coturn.empty()) return ImportCoturn{flags.import_coturn};
    if (!flags.config.empty()) {
      settings =
          read_config_file(flags.config, [&](const std::string& key) { return kind_of(app, key); });
      flags = {};
      parse_with_file(app, settings, count, arguments);
    }
    Options options = options_from(flags);
    options.settings = std::move(settings);
    return options;
  } catch (const CLI::CallForHelp&) {
    return Print{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Print{app.version() + "\n"};
  } catch (const CLI::ParseError& error) {
    throw UsageError(fmt::format("{}; see stile-server --help", error.what()));
  } catch (const StartError& error) {
    throw StartError(placed(settings, error.what()));
  }
}

}  // namespace stile::server
