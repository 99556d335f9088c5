#pragma once

#include <CLI/CLI.hpp>

namespace stile {

/// `stile turn HOST`: makes two allocations and sends datagrams from one to the other, through the
/// relay both ways.
void add_turn_command(CLI::App& app, int& exit_status);

}  // namespace stile
