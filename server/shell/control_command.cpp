#include "server/shell/control_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "control/client.hpp"
#include "control/error.hpp"
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

void print_allocations(const Json& answer) {
  fmt::print(row, "RELAYED", "USER", "OVER", "CLIENT", "AGE", "LEFT", "PERMS", "CHANS",
             "TO PEERS pkts/bytes", "FROM PEERS");
  for (const Json& each : answer.at("allocations"))
    fmt::print(row, each.at("relayed").at(0).get<std::string>(), each.at("user").get<std::string>(),
               each.at("transport").get<std::string>(), each.at("client").get<std::string>(),
               number(each.at("age")), number(each.at("left")), number(each.at("permissions")),
               number(each.at("channels")), traffic(each.at("to_peers")),
               traffic(each.at("from_peers")));
}

struct Wish {
  std::string control = default_control;
  std::string relayed;
  bool json = false;
};

void define(CLI::App& app, Wish& wish) {
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* description) {
    CLI::App* const sub = app.add_subcommand(name, description);
    sub->add_option("--control", wish.control, "the server's --control")
        ->type_name("PATH")
        ->capture_default_str();
    sub->add_flag("--json", wish.json, "print JSON");
    return sub;
  };
  add("list", "the allocations");
  for (const auto& [name, description] :
       {std::pair("show", "one allocation, with its permissions and channels"),
        std::pair("close", "end one allocation")})
    add(name, description)
        ->add_option("relayed", wish.relayed, "its relayed address, ADDR:PORT")
        ->required();
  add("stats", "what the server has counted");
}

void run(const std::string& name, const Wish& wish) {
  const std::string command = wish.relayed.empty() ? name : name + " " + wish.relayed;
  const auto [text, json] = control::ask("stile-server", wish.control, command);
  if (wish.json)
    fmt::print("{}", text);
  else if (name == "list")
    print_allocations(json);
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
