#pragma once

#include <memory>
#include <optional>
#include <string>

#include "nat/ipv6/clat.hpp"
#include "nat/ipv6/firewall.hpp"
#include "nat/ipv6/nat64.hpp"
#include "nat/ipv6/nptv6.hpp"
#include "nat/portmap/config.hpp"
#include "nat/shell/interface.hpp"
#include "nat/shell/translator.hpp"

namespace stile::nat::shell {

/// `--dns64`: where names are asked for, and whom they are answered at.
struct Dns64Options {
  IpAddress inside;
  TransportAddress resolver;
};

/// That hosts may ask for mappings, or for pinholes, by PCP, and where.
struct PcpOptions {
  portmap::Config server;
  Interface inside;
};

/// A firewall's timers are those of a NAT.
void take_timeouts(FirewallConfig& config, const Config& nat);

// `purpose` is what describe_purpose() says.
// Limit: the interfaces' addresses are those of the start.

std::unique_ptr<Translator> make_translator(Nat64Config config, std::optional<Dns64Options> names,
                                            std::optional<PcpOptions> pcp, std::string purpose,
                                            Random& random);
std::unique_ptr<Translator> make_translator(ClatConfig config, std::string purpose);
std::unique_ptr<Translator> make_translator(Nptv6Config config, std::string purpose);
std::unique_ptr<Translator> make_translator(FirewallConfig config, std::string purpose,
                                            std::optional<PcpOptions> pcp);

}  // namespace stile::nat::shell
