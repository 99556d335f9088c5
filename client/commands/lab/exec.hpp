#pragma once

#include <string>
#include <vector>

#include "client/commands/lab/topology.hpp"

namespace stile::lab {

/// Runs a command in peer a's home, with our own standard input and output; answers its exit
/// status, 127 if there is no such command, 128 and the signal's number if one ended it. Signals
/// meant for us go to the command.
int run_as_peer_a(const Topology& topology, const std::vector<std::string>& command);

}  // namespace stile::lab
