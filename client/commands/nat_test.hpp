#pragma once

#include <CLI/App.hpp>

namespace stile {

/// `stile nat-test`: grades a NAT against the RFCs.
void add_nat_test_command(CLI::App& app, int& exit_status);

}  // namespace stile
