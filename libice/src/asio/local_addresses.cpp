#include "stile/asio/local_addresses.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <string_view>

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

bool is_container_bridge(std::string_view name) {
  return name.starts_with("docker") || name.starts_with("br-") || name.starts_with("veth") ||
         name.starts_with("virbr");
}

bool is_wanted(const ifaddrs& entry, const IpAddress& address, const InterfaceFilter& filter) {
  const std::string_view name = entry.ifa_name;
  if (!(entry.ifa_flags & IFF_UP) || address.is_unspecified() || address.is_multicast())
    return false;
  if (!filter.only.empty() && name != filter.only) return false;
  if (address.is_loopback()) return filter.loopback;
  if (address.is_v6() && address.is_link_local()) return false;
  return !filter.only.empty() || !is_container_bridge(name);
}

}  // namespace

std::vector<IpAddress> local_addresses(const InterfaceFilter& filter) {
  std::vector<IpAddress> addresses;
  ifaddrs* entries = nullptr;
  if (getifaddrs(&entries) != 0) return addresses;
  for (const ifaddrs* entry = entries; entry; entry = entry->ifa_next) {
    const auto address = address_of(entry->ifa_addr);
    const bool wanted = address && is_wanted(*entry, *address, filter);
    if (wanted && std::ranges::find(addresses, *address) == addresses.end())
      addresses.push_back(*address);
  }
  freeifaddrs(entries);
  return addresses;
}

}  // namespace stile
