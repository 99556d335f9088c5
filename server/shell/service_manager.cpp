#include "server/shell/service_manager.hpp"

#include <cstdlib>

#include "control/address.hpp"
#include "control/error.hpp"
#include "server/shell/socket.hpp"

namespace stile::server {

void tell_service_manager(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (!path) return;
  try {
    const control::Address address(path);
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // Who does not take it goes without.
    static_cast<void>(::sendto(socket.fd(), state.data(), state.size(), MSG_NOSIGNAL, address.get(),
                               address.length));
  } catch (const control::AddressError&) {
    return;  // no Unix socket: not a service manager's
  }
}

}  // namespace stile::server
