#pragma once

#include <CLI/CLI.hpp>

namespace stile {

/// `stile sim`: two peers behind any NATs in virtual time; the same seed gives the same packets.
void add_sim_command(CLI::App& app, int& exit_status);

}  // namespace stile
