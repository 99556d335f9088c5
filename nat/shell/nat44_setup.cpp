#include "nat/shell/nat44_setup.hpp"

#include <algorithm>

#include "nat/portmap/server.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/tun_setup.hpp"

namespace stile::nat::shell {

namespace {

std::vector<IpAddress> without(std::vector<IpAddress> from, const std::vector<IpAddress>& taken) {
  std::erase_if(from,
                [&](const IpAddress& address) { return std::ranges::count(taken, address) != 0; });
  return from;
}

/// The interface's own, unless one belongs to an inside host.
std::vector<IpAddress> shared_addresses(const Config& config, const Interface& outside) {
  std::vector<IpAddress> taken;
  for (const StaticAddress& pair : config.static_addresses) taken.push_back(pair.external);
  return without(outside.addresses, taken);
}

Config make_config(const RunOptions& options, const Interface& inside, const Interface& outside) {
  Config config = options.nat;
  if (config.external.empty()) config.external = shared_addresses(config, outside);
  if (!inside.addresses.empty()) config.inside_address = inside.addresses.front();
  config.inside_networks = inside.networks;
  config.inside_mtu = inside.mtu;
  config.outside_mtu = outside.mtu;
  if (options.port_mapping.servers.pcp || options.port_mapping.servers.nat_pmp)
    config.reserved_udp_ports.assign(portmap::own_ports.begin(), portmap::own_ports.end());
  return config;
}

void check(const Nat44Setup& setup) {
  const Placement& placement = setup.placement;
  if (setup.nat.external.empty())
    throw Problem("outside interface " + placement.outside.interface.name +
                  " has no IPv4 address; give it one, or --external ADDR");
  if (placement.inside.interface.addresses.empty())
    throw Problem("inside interface " + placement.inside.interface.name +
                  " has no IPv4 address; give it the one that inside hosts route to");
  if (const auto problem = problem_with(setup.nat)) throw UsageProblem(*problem);
}

FencedInterface fenced(const RealmSetup& realm) {
  return {realm.interface.index, realm.left_to_kernel};
}

}  // namespace

Nat44Setup make_nat44_setup(const RunOptions& options) {
  Nat44Setup setup = make_nat44_setup_again(options);
  check(setup);
  return setup;
}

Nat44Setup make_nat44_setup_again(const RunOptions& options) {
  Nat44Setup setup;
  RealmSetup& inside = setup.placement.inside;
  RealmSetup& outside = setup.placement.outside;
  inside.interface = inside_interface(options);
  outside.interface = outside_interface(options);
  setup.nat = make_config(options, inside.interface, outside.interface);
  const std::vector<IpAddress> own = all_own_addresses();
  std::vector<IpAddress> external = setup.nat.external;
  for (const StaticAddress& pair : setup.nat.static_addresses) external.push_back(pair.external);
  setup.placement.proxied = without(external, own);
  inside.left_to_kernel = without(own, external);
  // The machine's inside addresses are not for those outside.
  outside.left_to_kernel = without(inside.left_to_kernel, inside.interface.addresses);
  setup.placement.fenced_ipv4 = {fenced(inside), fenced(outside)};
  external.push_back(setup.nat.inside_address);
  for (const IpAddress& address : external) setup.placement.routed.emplace_back(address, 32);
  return setup;
}

}  // namespace stile::nat::shell
