#pragma once

#include <string>

namespace stile::server {

/// From the terminal without being shown, asked for twice; or the first line of standard input if
/// that is no terminal. Throws StoreError if there is none, or the two differ.
std::string read_password(const std::string& user);

}  // namespace stile::server
