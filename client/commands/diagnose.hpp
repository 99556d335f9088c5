#pragma once

#include <CLI/CLI.hpp>

namespace stile {

/// `stile diagnose`: what NAT is there between us and a server, and what it means (RFC 5780, RFC
/// 4787).
void add_diagnose_command(CLI::App& app, int& exit_status);

}  // namespace stile
