#include "client/commands/lab/lab.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <memory>

#include "client/commands/lab/exec.hpp"
#include "client/commands/lab/meeting.hpp"
#include "client/commands/lab/options.hpp"
#include "client/commands/lab/rehearsal.hpp"
#include "client/commands/lab/report.hpp"
#include "client/commands/lab/topology.hpp"

namespace stile {

namespace {

using namespace lab;

/// Where pairs are played.
struct Stage {
  const char* name;
  Meeting (*play)(const Scenario&);
};

Meeting in_namespaces(const Scenario& scenario) {
  const Topology topology(scenario);
  return meet(topology, scenario);
}

/// Namespaces where they are allowed, else the simulator, said aloud.
Stage best_stage() {
  try {
    enter_private_network();
    const NetworkNamespace trial("trial");
    return {"namespaces", in_namespaces};
  } catch (const LabError& error) {
    fmt::print(stderr, "stile lab: {}; playing in the simulator instead\n", error.what());
    return {"simulator", rehearse};
  }
}

/// Plays one pair and prints its row; true if it went as theory says.
bool play(const Stage& stage, const Scenario& scenario, const Options& options, std::size_t width) {
  const Meeting meeting = stage.play(scenario);
  fmt::print("{}", options.json ? json_row(scenario, meeting, stage.name) + "\n"
                                : table_row(scenario, meeting, width));
  std::fflush(stdout);
  return is_right(scenario, meeting.path);
}

int run_tour(const Options& options) {
  const Stage stage = best_stage();
  const auto pairs = tour();
  const std::size_t width = width_of_names(pairs);
  if (!options.json) fmt::print("\n{}", table_head(width));
  int wrong = 0;
  for (const Scenario& scenario : pairs)
    wrong += !play(stage, under_conditions(scenario, options), options, width);
  if (options.json) return wrong ? 1 : 0;
  fmt::print("\n{}\n", legend());
  if (wrong)
    fmt::print("  {} of {} pairs did NOT meet as theory says.\n", wrong, pairs.size());
  else
    fmt::print("  All {} pairs met as theory says.\n", pairs.size());
  return wrong ? 1 : 0;
}

int run_pair(const Options& options) {
  const Scenario scenario = scenario_of(options);
  const Stage stage = best_stage();
  const std::size_t width = width_of_names({&scenario, 1});
  if (!options.json) fmt::print("{}", table_head(width));
  return play(stage, scenario, options, width) ? 0 : 1;
}

/// Builds the lab around a command.
int run_command(const Options& options) {
  const Scenario scenario = scenario_of(options);
  enter_private_network();
  const Topology topology(scenario);
  return run_as_peer_a(topology, options.command);
}

constexpr const char* lab_network =
    "The server, STUN and TURN, is 203.0.113.10 (and 203.0.113.11); the user is lab, the password "
    "lab.\n"
    "For example: stile lab exec --a EIM/ADF -- stile diagnose --server 203.0.113.10";

}  // namespace

void add_lab_command(CLI::App& app, int& exit_status) {
  auto* lab = app.add_subcommand(
      "lab", "two homes behind NATs in network namespaces, and our programs in them");
  lab->require_subcommand(1);
  // Options live as long as the parser; a broken pipe is read from write() and not a reason to die.
  const auto options = std::make_shared<Options>();
  const auto run = [options, &exit_status](int (*what)(const Options&)) {
    return [options, &exit_status, what] {
      signal(SIGPIPE, SIG_IGN);
      try {
        exit_status = what(*options);
      } catch (const LabError& error) {
        std::fflush(stdout);
        fmt::print(stderr, "stile lab: {}\n", error.what());
        exit_status = 1;
      }
    };
  };

  auto* tour = lab->add_subcommand("tour", "a handful of telling pairs, compared with theory");
  add_path_options(*tour, *options);
  add_play_options(*tour, *options);
  tour->callback(run(run_tour));

  auto* pair = lab->add_subcommand("run", "one pair of your choice, compared with theory");
  add_pair_options(*pair, *options);
  add_path_options(*pair, *options);
  add_play_options(*pair, *options);
  pair->callback(run(run_pair));

  auto* command = lab->add_subcommand("exec", "runs a command in a's home");
  add_pair_options(*command, *options);
  add_path_options(*command, *options);
  command->add_option("command", options->command, "the command and its arguments")
      ->option_text("-- COMMAND...")
      ->required();
  command->footer(lab_network);
  command->callback(run(run_command));
}

}  // namespace stile
