#pragma once

#include <CLI/CLI.hpp>

namespace stile {

/// `stile lab`: two homes and a server in network namespaces, and our real programs in them.
void add_lab_command(CLI::App& app, int& exit_status);

}  // namespace stile
