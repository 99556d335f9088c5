#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <optional>

#include "asio/interface_addresses.hpp"

namespace stile {

namespace {

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (!address) return std::nullopt;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), 4});
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
  return IpAddress::from_bytes({v6->sin6_addr.s6_addr, 16});
}

}  // namespace

std::vector<InterfaceAddress> interface_addresses() {
  std::vector<InterfaceAddress> all;
  ifaddrs* entries = nullptr;
  if (getifaddrs(&entries) != 0) return all;
  for (const ifaddrs* entry = entries; entry; entry = entry->ifa_next)
    if (const auto address = address_of(entry->ifa_addr))
      all.push_back({entry->ifa_name, *address, (entry->ifa_flags & IFF_UP) != 0});
  freeifaddrs(entries);
  return all;
}

}  // namespace stile
