#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "client/commands/lab/scenario.hpp"

namespace stile::lab {

struct Options {
  std::string a = "EIM/EIF";
  std::string b = "EIM/EIF";
  std::string carrier;
  bool no_relay = false;
  bool json = false;
  int delay_ms = 0;
  double loss_percent = 0;
  int patience_seconds = 20;
  std::vector<std::string> command;
};

/// Where the two peers are.
void add_pair_options(CLI::App& command, Options& options);
/// What lies between them.
void add_path_options(CLI::App& command, Options& options);
/// How pairs are played and told.
void add_play_options(CLI::App& command, Options& options);

/// The pair that was asked for. Throws CLI::ValidationError.
Scenario scenario_of(const Options& options);
/// The same pair, under the conditions that were asked for.
Scenario under_conditions(Scenario scenario, const Options& options);

}  // namespace stile::lab
