#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

namespace stile::control {

/// A Unix socket's address: a path, or `@NAME` for the abstract one of that name (unix(7)). Throws
/// AddressError if it can be neither.
struct Address {
  explicit Address(const std::string& text);

  bool is_abstract() const { return address.sun_path[0] == '\0'; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }

  sockaddr_un address{};
  socklen_t length = 0;
};

}  // namespace stile::control
