#include "server/shell/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>

#include "server/shell/socket.hpp"

namespace stile::server {

std::vector<IpAddress> interface_addresses() {
  std::vector<IpAddress> addresses;
  ifaddrs* entries = nullptr;
  if (getifaddrs(&entries) != 0) return addresses;
  for (const ifaddrs* entry = entries; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP)) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const IpAddress ip = SocketAddress(*entry->ifa_addr).transport_address().ip;
    const bool usable = !(ip.is_v6() && ip.is_link_local());
    if (usable && std::ranges::find(addresses, ip) == addresses.end()) addresses.push_back(ip);
  }
  freeifaddrs(entries);
  std::ranges::stable_partition(addresses, [](const IpAddress& ip) { return !ip.is_loopback(); });
  return addresses;
}

}  // namespace stile::server
