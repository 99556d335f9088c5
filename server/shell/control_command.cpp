#include "server/shell/control_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "control/client.hpp"
#include "control/error.hpp"
#include "control/printable.hpp"
#include "server/shell/options.hpp"

namespace stile::server {

namespace {

using control::Json;

constexpr const char* row = "{:<26} {:<20} {:<5} {:<26} {:>7} {:>6} {:>5} {:>5} {:>20} {:>20}\n";

std::string traffic(const Json& counts) {
  return fmt::format("{}/{}", counts.at("packets").get<std::uint64_t>(),
                     counts.at("bytes").get<std::uint64_t>());
}

std::string number(const Json& value) {
  return value.dump();
}

std::string relayed(const Json& allocation) {
  std::string text;
  for (const Json& each : allocation.at("relayed"))
    text += (text.empty() ? "" : ",") + each.get<std::string>();
  return text;
}

void print_allocations(const Json& answer) {
  fmt::print(row, "RELAYED", "USER", "OVER", "CLIENT", "AGE", "LEFT", "PERMS", "CHANS",
             "TO PEERS pkts/bytes", "FROM PEERS");
  for (const Json& each : answer.at("allocations"))
    fmt::print(row, relayed(each), control::printable(each.at("user").get<std::string>()),
               each.at("transport").get<std::string>(), each.at("client").get<std::string>(),
               number(each.at("age")), number(each.at("left")), number(each.at("permissions")),
               number(each.at("channels")), traffic(each.at("to_peers")),
               traffic(each.at("from_peers")));
}

void print_reloaded(const Json& answer) {
  fmt::print("reloaded\n");
  for (const Json& flag : answer.at("needs_restart"))
    fmt::print("--{} has another value; it takes a restart\n", flag.get<std::string>());
}

/// A subcommand, and the argument that it takes; "": none.
struct Command {
  const char* name;
  const char* description;
  const char* argument;
  const char* argument_description;
  bool is_optional = false;
};

constexpr Command commands[] = {
    {"list", "the allocations", "", ""},
    {"show", "one allocation, with its permissions and channels", "RELAYED",
     "its relayed address, ADDR:PORT"},
    {"close", "end one allocation", "RELAYED", "its relayed address, ADDR:PORT"},
    {"close-user", "end all allocations of a user", "NAME", "as list shows it"},
    {"stats", "what the server has counted", "", ""},
    {"reload", "read the configuration file again, as SIGHUP has it done", "", ""},
    {"drain", "make no new allocations, and end when there are none, as SIGTERM has it done",
     "SECONDS", "how long at most; else --drain-timeout", true},
    {"log-level", "log so much until the next reload", "LEVEL", "error, warning, info or debug"},
};

struct Wish {
  std::string control = default_control;
  std::string argument;
  bool json = false;
};

/// Before the subcommand or behind it.
void define_common(CLI::App& app, Wish& wish) {
  app.add_option("--control", wish.control, "the server's --control")
      ->type_name("PATH")
      ->capture_default_str();
  app.add_flag("--json", wish.json, "print JSON");
}

void define(CLI::App& app, Wish& wish) {
  app.require_subcommand(1);
  define_common(app, wish);
  for (const Command& each : commands) {
    CLI::App* const sub = app.add_subcommand(each.name, each.description);
    define_common(*sub, wish);
    if (*each.argument == 0) continue;
    sub->add_option(each.argument, wish.argument, each.argument_description)
        ->required(!each.is_optional)
        ->check(
            [](const std::string& text) { return text.find('\n') == text.npos ? "" : "one line"; });
  }
}

void run(const std::string& name, const Wish& wish) {
  const std::string command = wish.argument.empty() ? name : name + " " + wish.argument;
  const auto [text, json] = control::ask("stile-server", wish.control, command);
  if (wish.json)
    fmt::print("{}", text);
  else if (name == "list")
    print_allocations(json);
  else if (name == "reload")
    print_reloaded(json);
  else
    control::print_values(json);
}

}  // namespace

int run_control_command(int count, const char* const* arguments) {
  Wish wish;
  CLI::App app{"Asks a running stile-server", "stile-server ctl"};
  define(app, wish);
  try {
    app.parse(count, arguments);
    run(app.get_subcommands().front()->get_name(), wish);
    return 0;
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "stile-server ctl: {}; see stile-server ctl --help\n", error.what());
    return 2;
  } catch (const control::Error& error) {
    fmt::print(stderr, "stile-server ctl: {}\n", error.what());
    return 1;
  }
}

}  // namespace stile::server
