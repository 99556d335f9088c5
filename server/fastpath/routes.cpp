#include "server/fastpath/routes.hpp"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "control/descriptor.hpp"
#include "control/socket_address.hpp"

namespace stile::server {

namespace {

using nat::shell::netlink_attribute;
using nat::shell::NetlinkMessage;
using nat::shell::NetlinkMessages;

struct Answer {
  std::uint32_t interface = 0;
  std::uint32_t hop_limit = 0;  ///< 0: the system's
};

std::optional<std::uint32_t> number(Bytes body, std::size_t header, std::uint16_t type) {
  const auto value = netlink_attribute(body, header, type);
  if (!value || value->size() != sizeof(std::uint32_t)) return std::nullopt;
  std::uint32_t result;
  std::memcpy(&result, value->data(), sizeof result);
  return result;
}

std::optional<Answer> read_route(const NetlinkMessage& message) {
  rtmsg route;
  if (message.type != RTM_NEWROUTE || message.body.size() < sizeof route) return std::nullopt;
  std::memcpy(&route, message.body.data(), sizeof route);
  const auto interface = number(message.body, sizeof route, RTA_OIF);
  const bool tunnel = netlink_attribute(message.body, sizeof route, RTA_ENCAP).has_value();
  if (route.rtm_type != RTN_UNICAST || !interface || tunnel) return std::nullopt;
  const auto metrics = netlink_attribute(message.body, sizeof route, RTA_METRICS);
  const auto hop_limit = metrics ? number(*metrics, 0, RTAX_HOPLIMIT) : std::nullopt;
  return Answer{*interface, hop_limit.value_or(0)};
}

Bytes in_network_order(std::array<std::uint8_t, 2>& bytes, std::uint16_t port) {
  store_u16(bytes.data(), port);
  return bytes;
}

/// What a socket's datagrams begin with.
std::uint8_t default_hop_limit(Family family) {
  const bool v4 = family == Family::ipv4;
  const control::Descriptor any(socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  int limit = 0;
  socklen_t size = sizeof limit;
  getsockopt(any.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS, &limit,
             &size);
  return static_cast<std::uint8_t>(limit > 0 && limit < 256 ? limit : IPDEFTTL);
}

/// The facts of an interface that is an Ethernet.
std::optional<Route> route_by(std::uint32_t interface, Family family) {
  const control::Descriptor any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(interface);
  if (ioctl(any.get(), SIOCGIFNAME, &request) != 0) return std::nullopt;
  if (ioctl(any.get(), SIOCGIFHWADDR, &request) != 0) return std::nullopt;
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) return std::nullopt;
  if (ioctl(any.get(), SIOCGIFMTU, &request) != 0) return std::nullopt;
  constexpr int largest = std::numeric_limits<std::uint16_t>::max();
  return Route{interface, static_cast<std::uint16_t>(std::min(request.ifr_mtu, largest)),
               default_hop_limit(family)};
}

std::optional<IpAddress> address_of(const ifaddrs& entry) {
  const int family = entry.ifa_addr ? entry.ifa_addr->sa_family : AF_UNSPEC;
  if (family != AF_INET && family != AF_INET6) return std::nullopt;
  return control::SocketAddress(*entry.ifa_addr).transport_address().ip;
}

}  // namespace

std::optional<Route> Routes::between(const TransportAddress& source,
                                     const TransportAddress& destination) {
  rtmsg header{};
  header.rtm_family = destination.ip.is_v4() ? AF_INET : AF_INET6;
  header.rtm_dst_len = header.rtm_src_len = destination.ip.is_v4() ? 32 : 128;
  constexpr std::uint8_t protocol = IPPROTO_UDP;
  std::array<std::uint8_t, 2> from, to;
  NetlinkMessages request;
  request.begin(RTM_GETROUTE, NLM_F_ACK, header)
      .attribute(RTA_DST, destination.ip.wire_bytes())
      .attribute(RTA_SRC, source.ip.wire_bytes())
      .attribute(RTA_IP_PROTO, Bytes(&protocol, 1))
      .attribute(RTA_SPORT, in_network_order(from, source.port))
      .attribute(RTA_DPORT, in_network_order(to, destination.port));
  std::optional<Answer> answer;
  netlink_.transact(request, 1, [&](const NetlinkMessage& message) {
    if (const auto read = read_route(message)) answer = read;
  });
  auto route = answer ? route_by(answer->interface, destination.family()) : std::nullopt;
  if (route && answer->hop_limit != 0)
    route->hop_limit = static_cast<std::uint8_t>(answer->hop_limit);
  return route;
}

std::optional<Route> interface_of(const IpAddress& address) {
  ifaddrs* entries = nullptr;
  if (getifaddrs(&entries) != 0) return std::nullopt;
  std::uint32_t found = 0;
  for (const ifaddrs* entry = entries; entry && found == 0; entry = entry->ifa_next)
    if (address_of(*entry) == address) found = if_nametoindex(entry->ifa_name);
  freeifaddrs(entries);
  return found == 0 ? std::nullopt : route_by(found, address.family());
}

}  // namespace stile::server
