#pragma once

#include <CLI/CLI.hpp>

namespace stile {

/// `stile stun HOST`: the address that a STUN server sees us at.
void add_stun_command(CLI::App& app, int& exit_status);

}  // namespace stile
