#pragma once

#include <fmt/format.h>

#include <CLI/Error.hpp>
#include <cstdio>

#include "client/commands/server_address.hpp"

namespace stile {

/// Runs a command's body; what it throws becomes its one line on standard error and exit status 1.
/// What is wrong with the command line itself is left to the parser: exit status 2.
template <class Body>
int run_command(const char* name, Body&& body) {
  try {
    return body();
  } catch (const CLI::Error&) {
    throw;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "stile {}: {}\n", name, error.what());
    return 1;
  }
}

}  // namespace stile
