#include "stile/asio/local_addresses.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <string_view>

#include "asio/interface_addresses.hpp"
#include "stile/asio/endpoint.hpp"

namespace stile {

namespace {

bool begins_with_one_of(std::string_view name, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// Nobody outside of this machine is to be reached by them.
bool is_for_guests(std::string_view name) {
  static constexpr std::array<std::string_view, 12> prefixes{
      "docker",  "br-",  "veth", "virbr", "podman",  "cni",
      "flannel", "cali", "lxc",  "vmnet", "vboxnet", "vEthernet"};
  return begins_with_one_of(name, prefixes);
}

/// Its detour costs time, and what goes by it was not necessarily meant for it.
bool is_vpn(std::string_view name) {
  static constexpr std::array<std::string_view, 9> prefixes{
      "tun", "tap", "wg", "utun", "ppp", "ipsec", "tailscale", "zt", "nordlynx"};
  return begins_with_one_of(name, prefixes);
}

bool is_wanted(const InterfaceAddress& entry, const InterfaceFilter& filter) {
  const IpAddress& address = entry.address;
  if (!entry.up || address.is_unspecified() || address.is_multicast()) return false;
  if (!filter.only.empty() && entry.name != filter.only) return false;
  if (address.is_loopback()) return filter.loopback;
  if (address.is_v6() && address.is_link_local()) return false;
  return !filter.only.empty() || !is_for_guests(entry.name);
}

/// What the system would send from to the public address; it sends nothing.
std::optional<IpAddress> source_towards(const char* text) {
  boost::asio::io_context context;
  const boost::asio::ip::udp::endpoint there(boost::asio::ip::make_address(text), 9);
  boost::asio::ip::udp::socket socket(context);
  boost::system::error_code error;
  socket.open(there.protocol(), error);
  if (!error) socket.connect(there, error);
  if (error) return std::nullopt;
  const auto here = socket.local_endpoint(error);
  if (error) return std::nullopt;
  return from_asio(here.address());
}

void keep_default_routes(std::vector<IpAddress>& addresses) {
  // Of the root name servers, which are on the Internet if anything is.
  const std::array sources{source_towards("198.41.0.4"), source_towards("2001:503:ba3e::2:30")};
  std::erase_if(addresses, [&](const IpAddress& address) {
    return std::ranges::find(sources, std::optional(address)) == sources.end();
  });
}

}  // namespace

std::vector<IpAddress> usable_addresses(std::span<const InterfaceAddress> all,
                                        const InterfaceFilter& filter) {
  std::vector<InterfaceAddress> wanted;
  for (const InterfaceAddress& entry : all)
    if (is_wanted(entry, filter) &&
        std::ranges::find(wanted, entry.address, &InterfaceAddress::address) == wanted.end())
      wanted.push_back(entry);
  const auto is_plain_v4 = [](const InterfaceAddress& entry) {
    return entry.address.is_v4() && !entry.address.is_link_local();
  };
  // RFC 3927 §1.9: a host with a configured address does not need its link-local one.
  if (std::ranges::any_of(wanted, is_plain_v4))
    std::erase_if(wanted, [](const InterfaceAddress& entry) {
      return entry.address.is_v4() && entry.address.is_link_local();
    });
  std::ranges::stable_partition(wanted,
                                [](const InterfaceAddress& entry) { return !is_vpn(entry.name); });
  std::vector<IpAddress> addresses;
  for (const InterfaceAddress& entry : wanted) addresses.push_back(entry.address);
  return addresses;
}

std::vector<IpAddress> local_addresses(const InterfaceFilter& filter) {
  auto addresses = usable_addresses(interface_addresses(), filter);
  if (filter.default_route) keep_default_routes(addresses);
  return addresses;
}

}  // namespace stile
