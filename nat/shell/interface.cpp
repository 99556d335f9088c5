#include "nat/shell/interface.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

struct OwnAddress {
  std::string interface;
  IpAddress address;
  unsigned prefix_length;
};

std::uint32_t v4_bits_of(const sockaddr* address) {
  sockaddr_in ipv4;
  std::memcpy(&ipv4, address, sizeof ipv4);
  return ntohl(ipv4.sin_addr.s_addr);
}

bool is_of_family(const ifaddrs& entry, int family) {
  return entry.ifa_addr && entry.ifa_addr->sa_family == family;
}

/// Calls `visit` for each address of the family.
void for_each_address(int family, const std::function<void(const ifaddrs&)>& visit) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) throw Problem(with_errno("listing the interfaces"));
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, ::freeifaddrs);
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next)
    if (is_of_family(*entry, family)) visit(*entry);
}

std::vector<IpAddress> ipv6_addresses_of(const std::string& interface) {
  std::vector<IpAddress> found;
  for_each_address(AF_INET6, [&](const ifaddrs& entry) {
    if (interface != entry.ifa_name) return;
    sockaddr_in6 ipv6;
    std::memcpy(&ipv6, entry.ifa_addr, sizeof ipv6);
    const auto address = IpAddress::from_bytes(ipv6.sin6_addr.s6_addr);
    if (!address->is_link_local()) found.push_back(*address);
  });
  return found;
}

std::vector<OwnAddress> own_addresses() {
  std::vector<OwnAddress> found;
  for_each_address(AF_INET, [&](const ifaddrs& entry) {
    const std::uint32_t mask = entry.ifa_netmask ? v4_bits_of(entry.ifa_netmask) : 0xffffffff;
    found.push_back({entry.ifa_name, IpAddress::v4(v4_bits_of(entry.ifa_addr)),
                     static_cast<unsigned>(std::popcount(mask))});
  });
  return found;
}

ifreq request_for(const std::string& name) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1));
  return request;
}

void ask(int fd, unsigned long what, ifreq& request, const std::string& name) {
  if (::ioctl(fd, what, &request) == 0) return;
  if (errno == ENODEV) throw Problem("there is no interface " + name + "; `ip link` lists them");
  throw Problem(with_errno("asking for interface " + name));
}

}  // namespace

Interface find_interface(const std::string& name) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) throw Problem(with_errno("opening a socket"));
  Interface interface;
  interface.name = name;
  ifreq request = request_for(name);
  ask(socket.get(), SIOCGIFINDEX, request, name);
  interface.index = request.ifr_ifindex;
  request = request_for(name);
  ask(socket.get(), SIOCGIFHWADDR, request, name);
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
    throw Problem("interface " + name + " carries no Ethernet frames; give one that does");
  std::memcpy(interface.mac.data(), request.ifr_hwaddr.sa_data, interface.mac.size());
  request = request_for(name);
  ask(socket.get(), SIOCGIFMTU, request, name);
  interface.mtu = static_cast<std::uint16_t>(std::min(request.ifr_mtu, 65535));
  for (const OwnAddress& own : own_addresses()) {
    if (own.interface != name) continue;
    interface.addresses.push_back(own.address);
    interface.networks.emplace_back(own.address, own.prefix_length);
  }
  interface.ipv6_addresses = ipv6_addresses_of(name);
  return interface;
}

std::vector<IpAddress> all_own_addresses() {
  std::vector<IpAddress> addresses;
  for (const OwnAddress& own : own_addresses()) addresses.push_back(own.address);
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

}  // namespace stile::nat::shell
