#pragma once

#include <stdexcept>

namespace stile::server {

/// The server cannot start; the text is one line that says what and what to do.
struct StartError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line or the configuration file is not understood: exit status 2.
struct UsageError : StartError {
  using StartError::StartError;
};

}  // namespace stile::server
