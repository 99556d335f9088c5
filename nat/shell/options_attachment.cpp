#include "nat/shell/option_definitions.hpp"

namespace stile::nat::shell {

void add_attachment_options(CLI::App& app, RunOptions& run) {
  app.add_option("--inside", run.inside, "interface of the inside hosts")->type_name("IFACE");
  app.add_option("--outside", run.outside, "interface towards the Internet")->type_name("IFACE");
  add_choice(app, "--packets", packets_by_words, run.packets,
             "how packets of interfaces are taken: auto [default] | xdp | packet");
  app.add_option("--tun", run.tun.name,
                 "in place of both interfaces: a TUN device that the kernel routes to and from")
      ->type_name("NAME");
  add_each(
      app, "--inside-network",
      [&run](const std::string& text) {
        run.tun.inside_networks.push_back(accept(IpPrefix::parse(text), text, "10.0.0.0/24"));
      },
      "with --tun: whence packets are from inside; repeatable", "CIDR");
  add_each(
      app, "--tun-address",
      [&run](const std::string& text) {
        run.tun.addresses.push_back(accept(IpAddress::parse(text), text, "10.0.0.1"));
      },
      "with --tun: the NAT's own address, of either family; repeatable", "ADDR");
}

std::optional<std::string> problem_with_attachment(const RunOptions& run) {
  const TunOptions& tun = run.tun;
  if (tun.name.empty()) {
    if (!tun.inside_networks.empty() || !tun.addresses.empty())
      return "--inside-network and --tun-address go with --tun; give that, too";
    if (run.inside.empty()) return "no inside interface is given; add --inside IFACE";
    if (run.outside.empty()) return "no outside interface is given; add --outside IFACE";
    if (run.inside == run.outside) return "--inside and --outside are the same interface; give two";
    return std::nullopt;
  }
  if (!run.inside.empty() || !run.outside.empty())
    return "--tun stands in place of --inside and --outside; give it alone";
  if (run.port_mapping.upnp) return "with --tun hosts cannot ask for mappings; leave out --upnp";
  if (run.ipv6.firewall)
    return "the firewall stands between two interfaces; give --inside and --outside, not --tun";
  if (run.nat.external.empty() && !run.ipv6.clat && !run.ipv6.nptv6)
    return "--tun has no addresses to hide behind; add --external ADDR";
  const bool has_sides_by_family = run.ipv6.nat64 || run.ipv6.clat || run.ipv6.nptv6;
  if (tun.inside_networks.empty() && !has_sides_by_family)
    return "--tun does not know who is inside; add --inside-network CIDR";
  return std::nullopt;
}

}  // namespace stile::nat::shell
