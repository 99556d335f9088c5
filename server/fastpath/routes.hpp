#pragma once

#include <optional>

#include "nat/shell/netlink.hpp"
#include "server/fastpath/flow.hpp"

namespace stile::server {

/// Asks the kernel by which interface a socket's datagrams would leave.
class Routes {
 public:
  Routes() : netlink_(NETLINK_ROUTE, 0) {}
  /// Nothing where there is no route, or none that a program may send by: the destination is on
  /// this machine, the interface is no Ethernet, a tunnel is made of the route.
  std::optional<Route> between(const TransportAddress& source, const TransportAddress& destination);

 private:
  nat::shell::NetlinkSocket netlink_;
};

/// The interface that has the address, if it is an Ethernet.
std::optional<Route> interface_of(const IpAddress& address);

}  // namespace stile::server
