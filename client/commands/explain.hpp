#pragma once

#include <CLI/CLI.hpp>

namespace stile {

/// `stile explain TRACE`: a page of what `stile connect --explain` has written.
void add_explain_command(CLI::App& app, int& exit_status);

}  // namespace stile
