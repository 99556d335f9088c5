#pragma once

#include <CLI/CLI.hpp>

namespace stile {

/// `stile connect --stdio`: an ICE session whose signalling is one JSON object a line, on standard
/// input and output.
void add_connect_command(CLI::App& app, int& exit_status);

}  // namespace stile
