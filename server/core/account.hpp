#pragma once

#include <string>

#include "stile/stun/credentials.hpp"

namespace stile::relay {

/// What is kept of a user: keys of the server's realm (RFC 8489 §9.2.2), not the password.
struct Account {
  std::string name;
  stun::Key md5;
  stun::Key sha256;  ///< empty: unknown, as for users that come from a server that had MD5 alone
  const stun::Key& key(stun::PasswordAlgorithmNumber algorithm) const {
    return algorithm == stun::PasswordAlgorithmNumber::md5 ? md5 : sha256;
  }
};

}  // namespace stile::relay
