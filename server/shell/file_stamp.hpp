#pragma once

#include <string>

namespace stile::server {

/// Changes with the file, also where a symbolic link has been turned to another one.
std::string file_stamp(const std::string& path);

}  // namespace stile::server
