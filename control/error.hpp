#pragma once

#include <stdexcept>

namespace stile::control {

/// One line: what, and what to do about it.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The socket's name is none.
struct AddressError : Error {
  using Error::Error;
};

}  // namespace stile::control
