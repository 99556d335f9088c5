#include "nat/shell/tun_setup.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::uint16_t tun_mtu = 1500;

Interface tun_interface(const TunOptions& options) {
  Interface tun;
  tun.name = options.name;
  tun.mtu = tun_mtu;
  tun.networks = options.inside_networks;
  for (const IpAddress& address : options.addresses)
    (address.is_v4() ? tun.addresses : tun.ipv6_addresses).push_back(address);
  return tun;
}

}  // namespace

Interface inside_interface(const RunOptions& options) {
  return options.tun.name.empty() ? find_interface(options.inside) : tun_interface(options.tun);
}

Interface outside_interface(const RunOptions& options) {
  if (options.tun.name.empty()) return find_interface(options.outside);
  Interface tun = tun_interface(options.tun);
  tun.addresses.clear();
  return tun;
}

}  // namespace stile::nat::shell
