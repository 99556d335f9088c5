#pragma once

#include <string>
#include <vector>

#include "server/core/config.hpp"

namespace stile::server {

/// The file of `--nonce-key`: one key a line, 32 bytes as 64 hexadecimal digits or in base64; the
/// first signs, all verify. Empty lines and those that begin with # are passed over. Throws
/// StartError that names the line, and if there is no key.
std::vector<relay::NonceKey> read_nonce_keys(const std::string& path);

}  // namespace stile::server
