// The program `stile`: one subcommand, one file in commands/.

#include <CLI/CLI.hpp>

#include "client/commands/connect.hpp"
#include "client/commands/diagnose.hpp"
#include "client/commands/explain.hpp"
#include "client/commands/lab/lab.hpp"
#include "client/commands/nat_test.hpp"
#include "client/commands/sim.hpp"
#include "client/commands/stun.hpp"
#include "client/commands/turn.hpp"

namespace {

/// One line for what was wrong with the words given, and where it is told how they go.
std::string complaint(const CLI::App& app, const CLI::Error& error,
                      const std::vector<std::string>& words) {
  std::string command = "stile";
  const CLI::App* deepest = &app;
  std::size_t depth = 0;
  while (!deepest->get_subcommands().empty()) {
    deepest = deepest->get_subcommands().front();
    command += " " + deepest->get_name();
    ++depth;
  }
  std::string what = error.what();
  const bool lacks_command =
      dynamic_cast<const CLI::RequiredError*>(&error) && deepest->get_require_subcommand_min() > 0;
  if (lacks_command)
    what =
        depth < words.size() ? "there is no command '" + words[depth] + "'" : "no command is given";
  return command + ": " + what + "; see " + command + " --help\n";
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app{"Stile: connect through NATs, diagnose them, simulate them", "stile"};
  app.require_subcommand(1);
  app.failure_message([words = std::vector<std::string>(arguments + 1, arguments + count)](
                          const CLI::App* failed, const CLI::Error& error) {
    return complaint(*failed, error, words);
  });
  int exit_status = 0;
  stile::add_stun_command(app, exit_status);
  stile::add_turn_command(app, exit_status);
  stile::add_connect_command(app, exit_status);
  stile::add_explain_command(app, exit_status);
  stile::add_diagnose_command(app, exit_status);
  stile::add_lab_command(app, exit_status);
  stile::add_sim_command(app, exit_status);
  stile::add_nat_test_command(app, exit_status);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_status;
}
