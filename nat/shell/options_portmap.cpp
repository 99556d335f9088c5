#include "nat/shell/option_definitions.hpp"

namespace stile::nat::shell {

void add_port_mapping_options(CLI::App& app, PortMappingOptions& options, Config& nat) {
  app.add_flag("--pcp,!--no-pcp", options.servers.pcp,
               "inside hosts may ask for mappings by PCP [on]");
  app.add_flag("--nat-pmp,!--no-nat-pmp", options.servers.nat_pmp, "likewise by NAT-PMP [on]");
  app.add_flag("--upnp,!--no-upnp", options.upnp, "likewise by UPnP IGD [off]");
  add_number(app, "--upnp-port", options.upnp_port, "TCP port of its description [any]");
  app.add_flag("--upnp-for-others", options.upnp_for_others,
               "by UPnP, a host may ask for another one [off]");
  add_each(
      app, "--pcp-third-party",
      [&options](const std::string& text) {
        options.servers.third_party_clients.push_back(
            accept(IpPrefix::parse(text), text, "192.168.1.0/24"));
      },
      "hosts that may ask for others by PCP; repeatable", "CIDR");
  add_duration(app, "--pcp-min-lifetime", options.servers.min_lifetime,
               "shortest lifetime of a PCP mapping");
  add_duration(app, "--pcp-max-lifetime", options.servers.max_lifetime,
               "longest lifetime of a PCP or NAT-PMP mapping");
  add_number(app, "--explicit-per-host", nat.explicit_per_host,
             "mappings that one inside address may ask for; 0: no limit [256]");
}

}  // namespace stile::nat::shell
