#include "nat/shell/ipv6_setup.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "nat/shell/problem.hpp"

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

/// IPv6 inside, IPv4 outside.
void set_up(Ipv6Setup& setup, const RunOptions& options, const Prefix64& prefix, Random& random) {
  setup.outside.family = Family::ipv4;
  Nat64Config config;
  config.nat = options.nat;
  if (config.nat.external.empty()) config.nat.external = setup.outside.interface.addresses;
  first_of(config.nat.external, setup.outside.interface, "IPv4");
  config.nat.outside_mtu = setup.outside.interface.mtu;
  config.prefix = prefix;
  config.address = ipv6_address_of(setup.inside.interface);
  config.ipv6_mtu = setup.inside.interface.mtu;
  config.lowest_ipv6_mtu = options.ipv6.lowest_mtu;
  refuse_problem(config);
  const std::vector<IpAddress> own = all_own_addresses();
  setup.proxied = without(config.nat.external, own);
  setup.outside.left_to_kernel = without(own, config.nat.external);
  setup.fenced_ipv4 = {{setup.outside.interface.index, setup.outside.left_to_kernel}};
  setup.fenced_ipv6 = {{setup.inside.interface.index, prefix.prefix()}};
  setup.description =
      Json{{"nat64",
            {{"prefix", prefix.prefix().to_string()}, {"external", texts_of(config.nat.external)}}}}
          .dump();
  setup.translator = make_translator(std::move(config), random);
}

/// IPv4 inside, IPv6 outside.
void set_up(Ipv6Setup& setup, const RunOptions& options, const ClatPrefixes& prefixes) {
  setup.inside.family = Family::ipv4;
  ClatConfig config;
  config.prefix = prefixes.plat;
  config.own_prefix = prefixes.own;
  config.ipv4_address = first_of(setup.inside.interface.addresses, setup.inside.interface, "IPv4");
  config.ipv6_address = ipv6_address_of(setup.outside.interface);
  config.mtus = {setup.inside.interface.mtu, setup.outside.interface.mtu};
  config.lowest_ipv6_mtu = options.ipv6.lowest_mtu;
  refuse_problem(config);
  setup.inside.left_to_kernel = all_own_addresses();
  setup.fenced_ipv4 = {{setup.inside.interface.index, setup.inside.left_to_kernel}};
  setup.fenced_ipv6 = {{setup.outside.interface.index, prefixes.own.prefix()}};
  setup.description = Json{{"clat",
                            {{"prefix", prefixes.own.prefix().to_string()},
                             {"plat", prefixes.plat.prefix().to_string()}}}}
                          .dump();
  setup.translator = make_translator(std::move(config));
}

/// The kernel is kept from forwarding; what stays on the inside link, it keeps.
std::vector<FencedPrefix> fence_between(const Ipv6Setup& setup, const IpPrefix& internal,
                                        const IpPrefix& external) {
  const int inside = setup.inside.interface.index;
  using Verdict = FencedPrefix::Verdict;
  return {{inside, *IpPrefix::parse("fe80::/10"), Verdict::leave},
          {inside, *IpPrefix::parse("ff00::/8"), Verdict::leave},
          {inside, internal, Verdict::leave},
          {inside, everything, Verdict::drop},
          {setup.outside.interface.index, external, Verdict::drop}};
}

/// IPv6 on both sides.
void set_up(Ipv6Setup& setup, const PrefixPair& prefixes) {
  Nptv6Config config{prefixes.internal, prefixes.external, {}, {}};
  config.inside_address = ipv6_address_of(setup.inside.interface);
  config.outside_address = ipv6_address_of(setup.outside.interface);
  config.inside_mtu = setup.inside.interface.mtu;
  config.outside_mtu = setup.outside.interface.mtu;
  refuse_problem(config);
  setup.fenced_ipv6 = fence_between(setup, prefixes.internal, prefixes.external);
  setup.description = Json{{"nptv6",
                            {{"internal", prefixes.internal.to_string()},
                             {"external", prefixes.external.to_string()}}}}
                          .dump();
  setup.translator = make_translator(std::move(config));
}

/// IPv6 on both sides, the same addresses.
void set_up(Ipv6Setup& setup, const RunOptions& options, const IpPrefix& inside_prefix) {
  const Config& nat = options.nat;
  FirewallConfig config{
      inside_prefix,        {}, {}, nat.filtering, nat.filtering_for(Protocol::tcp),
      options.ipv6.pinholes};
  config.inside_address = ipv6_address_of(setup.inside.interface);
  config.outside_address = ipv6_address_of(setup.outside.interface);
  config.inside_mtu = setup.inside.interface.mtu;
  config.outside_mtu = setup.outside.interface.mtu;
  config.udp_timeout = nat.udp_timeout;
  config.icmp_timeout = nat.icmp_timeout;
  config.tcp_established_timeout = nat.tcp_established_timeout;
  config.tcp_transitory_timeout = nat.tcp_opening_timeout;
  config.other_timeout = std::max(nat.esp_timeout, nat.udp_timeout);
  config.max_sessions = nat.max_sessions;
  refuse_problem(config);
  setup.fenced_ipv6 = fence_between(setup, inside_prefix, inside_prefix);
  setup.description = Json{{"firewall", {{"inside", inside_prefix.to_string()}}}}.dump();
  setup.translator = make_translator(std::move(config));
}

}  // namespace

bool has_ipv6(const RunOptions& options) {
  return options.ipv6.nat64 || options.ipv6.clat || options.ipv6.nptv6 || options.ipv6.firewall;
}

Ipv6Setup make_ipv6_setup(const RunOptions& options, Random& random) {
  Ipv6Setup setup;
  setup.inside.interface = find_interface(options.inside);
  setup.outside.interface = find_interface(options.outside);
  if (options.ipv6.nat64) set_up(setup, options, *options.ipv6.nat64, random);
  if (options.ipv6.clat) set_up(setup, options, *options.ipv6.clat);
  if (options.ipv6.nptv6) set_up(setup, *options.ipv6.nptv6);
  if (options.ipv6.firewall) set_up(setup, options, *options.ipv6.firewall);
  return setup;
}

}  // namespace stile::nat::shell
