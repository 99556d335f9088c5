#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nat/core/config.hpp"
#include "nat/ipv6/firewall.hpp"
#include "nat/ipv6/prefix64.hpp"
#include "nat/portmap/config.hpp"
#include "nat/shell/capture.hpp"
#include "nat/shell/config_file.hpp"
#include "nat/shell/impairment.hpp"
#include "nat/shell/option_words.hpp"

namespace stile::nat::shell {

/// An abstract socket: each network namespace has its own, and it ends with its process.
inline constexpr const char* default_control = "@stile-nat";

/// By what inside hosts may ask for mappings.
struct PortMappingOptions {
  portmap::Config servers;
  bool upnp = false;
  std::uint16_t upnp_port = 0;  ///< 0: any
  bool upnp_for_others = false;
};

struct ClatPrefixes {
  Prefix64 own;   ///< of the inside hosts
  Prefix64 plat;  ///< of the NAT64 beyond
};
struct PrefixPair {
  IpPrefix internal;
  IpPrefix external;
};
/// One of these at most.
struct Ipv6Options {
  std::optional<Prefix64> nat64;
  std::optional<ClatPrefixes> clat;
  std::optional<PrefixPair> nptv6;
  std::optional<IpPrefix> firewall;  ///< the inside prefix
  std::vector<Pinhole> pinholes;
  std::optional<TransportAddress> dns64;  ///< the resolver
  std::uint16_t lowest_mtu = 1280;
};

/// `--tun NAME`, if there is a name.
struct TunOptions {
  std::string name;
  std::vector<IpPrefix> inside_networks;
  std::vector<IpAddress> addresses;
};

/// `stile-nat --inside ... --outside ...`
struct RunOptions {
  std::string inside;
  std::string outside;
  PacketsBy packets = PacketsBy::automatic;
  TunOptions tun;  ///< in place of both interfaces
  std::string control = default_control;
  std::optional<std::string> log;
  std::optional<std::string> state;
  Duration state_interval = std::chrono::seconds(60);  ///< 0: at the end only
  CaptureOptions capture;
  LogDetail log_detail = LogDetail::mappings;
  std::optional<TransportAddress> syslog;
  std::optional<TransportAddress> ipfix;
  Duration health_interval = std::chrono::seconds(5);  ///< of servers behind balancers; 0: none
  std::string config_file;                             ///< --config, or empty
  std::vector<Setting> settings;  ///< of that file; they are in the others already
  std::string like;  ///< a personality's name or path; its settings are in the others already
  ImpairmentConfig impairment;
  std::optional<std::uint16_t> clamp_mss;  ///< bytes; 0: what fits both interfaces
  PortMappingOptions port_mapping;
  Ipv6Options ipv6;
  Config nat;  ///< what the interfaces say (addresses, networks, MTU) is not filled in yet
};

/// `stile-nat ctl COMMAND`
struct ControlOptions {
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::string> logs;  ///< files for `who`
  std::string control = default_control;
  bool json = false;
  bool as_conntrack = false;  ///< of list
};

/// `--help`, `--version`: the text to print.
struct Print {
  std::string text;
};

/// What `--like NAME` stands for. Throws UsageProblem.
Config config_like(const std::string& name);

/// Reads the command line and the file that --config names. Throws UsageProblem.
std::variant<RunOptions, ControlOptions, Print> parse_options(int argc, const char* const* argv);

}  // namespace stile::nat::shell
