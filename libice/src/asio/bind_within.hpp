#pragma once

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include "stile/base/port_range.hpp"
#include "stile/base/random.hpp"

namespace stile {

/// Binds to a free port of the range: the first from one on that is drawn, so that two who look at
/// once seldom meet, going round. With none, the error is address_in_use.
template <class Socket>
void bind_within(Socket& socket, typename Socket::endpoint_type local, PortRange ports,
                 Random& random, boost::system::error_code& error) {
  if (ports.is_any() || local.port() != 0) {
    socket.bind(local, error);
    return;
  }
  const std::uint32_t start = random.below(ports.size());
  for (std::uint32_t i = 0; i < ports.size(); ++i) {
    local.port(static_cast<std::uint16_t>(ports.first + (start + i) % ports.size()));
    socket.bind(local, error);
    if (error != boost::asio::error::address_in_use) return;
  }
}

/// Why binding has failed.
inline std::string bind_problem(PortRange ports, const boost::system::error_code& error) {
  if (ports.is_any() || error != boost::asio::error::address_in_use) return error.message();
  return "none of the ports " + to_string(ports) + " is free";
}

}  // namespace stile
