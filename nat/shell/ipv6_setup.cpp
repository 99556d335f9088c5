#include "nat/shell/ipv6_setup.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "nat/portmap/mapping_server.hpp"
#include "nat/shell/ipv6_translators.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/tun_setup.hpp"

namespace stile::nat::shell {

namespace {

using Json = nlohmann::ordered_json;

const IpPrefix everything(IpAddress(), 0);

std::vector<IpAddress> without(std::vector<IpAddress> from, const std::vector<IpAddress>& taken) {
  std::erase_if(from,
                [&](const IpAddress& address) { return std::ranges::count(taken, address) != 0; });
  return from;
}

IpAddress first_of(const std::vector<IpAddress>& addresses, const Interface& interface,
                   const char* kind) {
  if (addresses.empty())
    throw Problem("interface " + interface.name + " has no " + kind + " address; give it one");
  return addresses.front();
}

IpAddress ipv6_address_of(const Interface& interface) {
  return first_of(interface.ipv6_addresses, interface, "global IPv6");
}

Json texts_of(const std::vector<IpAddress>& addresses) {
  Json texts = Json::array();
  for (const IpAddress& address : addresses) texts.push_back(address.to_string());
  return texts;
}

template <class Made>
void refuse_problem(const Made& config) {
  if (const auto problem = problem_with(config)) throw UsageProblem(*problem);
}

/// What asks at a TUN device's address asks the translator, not this machine.
std::optional<PcpOptions> pcp_options(const RunOptions& options, const Placement& placement) {
  if (!options.port_mapping.servers.pcp || !options.tun.name.empty()) return std::nullopt;
  return PcpOptions{options.port_mapping.servers, placement.inside.interface};
}

/// IPv6 inside, IPv4 outside.
std::unique_ptr<Translator> set_up(Placement& placement, const RunOptions& options,
                                   const Prefix64& prefix, Random& random) {
  placement.outside.family = Family::ipv4;
  Nat64Config config;
  config.nat = options.nat;
  if (config.nat.external.empty()) config.nat.external = placement.outside.interface.addresses;
  first_of(config.nat.external, placement.outside.interface, "IPv4");
  config.nat.outside_mtu = placement.outside.interface.mtu;
  config.prefix = prefix;
  config.address = ipv6_address_of(placement.inside.interface);
  config.ipv6_mtu = placement.inside.interface.mtu;
  config.lowest_ipv6_mtu = options.ipv6.lowest_mtu;
  if (options.port_mapping.servers.pcp)
    config.nat.reserved_udp_ports.assign(portmap::own_ports.begin(), portmap::own_ports.end());
  refuse_problem(config);
  const std::vector<IpAddress> own = all_own_addresses();
  placement.proxied = without(config.nat.external, own);
  placement.outside.left_to_kernel = without(own, config.nat.external);
  placement.fenced_ipv4 = {{placement.outside.interface.index, placement.outside.left_to_kernel}};
  placement.fenced_ipv6 = {{placement.inside.interface.index, prefix.prefix()}};
  placement.inside.proxied_prefixes = {prefix.prefix()};
  placement.routed = {prefix.prefix(), IpPrefix(config.address, 128)};
  for (const IpAddress& address : config.nat.external) placement.routed.emplace_back(address, 32);
  std::optional<Dns64Options> names;
  if (options.ipv6.dns64) names = {config.address, *options.ipv6.dns64};
  std::string purpose =
      Json{{"nat64",
            {{"prefix", prefix.prefix().to_string()}, {"external", texts_of(config.nat.external)}}}}
          .dump();
  return make_translator(std::move(config), std::move(names), pcp_options(options, placement),
                         std::move(purpose), random);
}

/// IPv4 inside, IPv6 outside.
std::unique_ptr<Translator> set_up(Placement& placement, const RunOptions& options,
                                   const ClatPrefixes& prefixes) {
  placement.inside.family = Family::ipv4;
  ClatConfig config;
  config.prefix = prefixes.plat;
  config.own_prefix = prefixes.own;
  config.ipv4_address =
      first_of(placement.inside.interface.addresses, placement.inside.interface, "IPv4");
  config.ipv6_address = ipv6_address_of(placement.outside.interface);
  config.mtus = {placement.inside.interface.mtu, placement.outside.interface.mtu};
  config.lowest_ipv6_mtu = options.ipv6.lowest_mtu;
  refuse_problem(config);
  placement.inside.left_to_kernel = all_own_addresses();
  placement.fenced_ipv4 = {{placement.inside.interface.index, placement.inside.left_to_kernel}};
  placement.fenced_ipv6 = {{placement.outside.interface.index, prefixes.own.prefix()}};
  placement.outside.proxied_prefixes = {prefixes.own.prefix()};
  placement.routed = {prefixes.own.prefix(), IpPrefix(config.ipv4_address, 32)};
  return make_translator(std::move(config), Json{{"clat",
                                                  {{"prefix", prefixes.own.prefix().to_string()},
                                                   {"plat", prefixes.plat.prefix().to_string()}}}}
                                                .dump());
}

/// The kernel is kept from forwarding; what stays on the inside link, it keeps.
std::vector<FencedPrefix> fence_between(const Placement& placement, const IpPrefix& internal,
                                        const IpPrefix& external) {
  const int inside = placement.inside.interface.index;
  using Verdict = FencedPrefix::Verdict;
  return {{inside, *IpPrefix::parse("fe80::/10"), Verdict::leave},
          {inside, *IpPrefix::parse("ff00::/8"), Verdict::leave},
          {inside, internal, Verdict::leave},
          {inside, everything, Verdict::drop},
          {placement.outside.interface.index, external, Verdict::drop}};
}

/// IPv6 on both sides.
std::unique_ptr<Translator> set_up(Placement& placement, const PrefixPair& prefixes) {
  if (placement.inside.interface.networks.empty())
    placement.inside.interface.networks = {prefixes.internal};
  Nptv6Config config{prefixes.internal, prefixes.external, {}, {}};
  config.inside_address = ipv6_address_of(placement.inside.interface);
  config.outside_address = ipv6_address_of(placement.outside.interface);
  config.inside_mtu = placement.inside.interface.mtu;
  config.outside_mtu = placement.outside.interface.mtu;
  refuse_problem(config);
  placement.fenced_ipv6 = fence_between(placement, prefixes.internal, prefixes.external);
  placement.outside.proxied_prefixes = {prefixes.external};
  placement.routed = {prefixes.external};
  return make_translator(std::move(config), Json{{"nptv6",
                                                  {{"internal", prefixes.internal.to_string()},
                                                   {"external", prefixes.external.to_string()}}}}
                                                .dump());
}

/// IPv6 on both sides, the same addresses.
std::unique_ptr<Translator> set_up(Placement& placement, const RunOptions& options,
                                   const IpPrefix& inside_prefix) {
  const Config& nat = options.nat;
  FirewallConfig config{
      inside_prefix,        {}, {}, nat.filtering, nat.filtering_for(Protocol::tcp),
      options.ipv6.pinholes};
  config.inside_address = ipv6_address_of(placement.inside.interface);
  config.outside_address = ipv6_address_of(placement.outside.interface);
  config.inside_mtu = placement.inside.interface.mtu;
  config.outside_mtu = placement.outside.interface.mtu;
  take_timeouts(config, nat);
  config.max_sessions = nat.max_sessions;
  refuse_problem(config);
  placement.fenced_ipv6 = fence_between(placement, inside_prefix, inside_prefix);
  return make_translator(std::move(config),
                         Json{{"firewall", {{"inside", inside_prefix.to_string()}}}}.dump(),
                         pcp_options(options, placement));
}

}  // namespace

bool has_ipv6(const RunOptions& options) {
  return options.ipv6.nat64 || options.ipv6.clat || options.ipv6.nptv6 || options.ipv6.firewall;
}

Setup make_ipv6_setup(const RunOptions& options, Random& random) {
  Setup setup;
  Placement& placement = setup.placement;
  const Ipv6Options& ipv6 = options.ipv6;
  setup.nat = options.nat;
  placement.inside = {inside_interface(options), Family::ipv6, {}, {}};
  placement.outside = {outside_interface(options), Family::ipv6, {}, {}};
  if (ipv6.nat64) setup.translator = set_up(placement, options, *ipv6.nat64, random);
  if (ipv6.clat) setup.translator = set_up(placement, options, *ipv6.clat);
  if (ipv6.nptv6) setup.translator = set_up(placement, *ipv6.nptv6);
  if (ipv6.firewall) setup.translator = set_up(placement, options, *ipv6.firewall);
  return setup;
}

}  // namespace stile::nat::shell
