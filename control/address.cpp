#include "control/address.hpp"

#include <cstddef>
#include <cstring>

#include "control/error.hpp"

namespace stile::control {

Address::Address(const std::string& text) {
  if (text.empty() || text == "@" || text.size() >= sizeof address.sun_path)
    throw AddressError("--control '" + text +
                       "' is no socket path; give one of at most 107 bytes, or @NAME");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, text.data(), text.size());
  // An abstract name begins with a zero byte and ends with the length, a path ends with a zero
  // byte.
  if (text.front() == '@') address.sun_path[0] = '\0';
  length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() +
                                  (is_abstract() ? 0 : 1));
}

}  // namespace stile::control
