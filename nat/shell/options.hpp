#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nat/core/config.hpp"
#include "nat/portmap/config.hpp"
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

/// `stile-nat --inside ... --outside ...`
struct RunOptions {
  std::string inside;
  std::string outside;
  std::string control = default_control;
  std::optional<std::string> log;
  LogDetail log_detail = LogDetail::mappings;
  std::optional<TransportAddress> syslog;
  std::string like;  ///< a personality's name or path; its settings are in the others already
  ImpairmentConfig impairment;
  PortMappingOptions port_mapping;
  Config nat;  ///< what the interfaces say (addresses, networks, MTU) is not filled in yet
};

/// `stile-nat ctl COMMAND`
struct ControlOptions {
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::string> logs;  ///< files for `who`
  std::string control = default_control;
  bool json = false;
};

/// `--help`, `--version`: the text to print.
struct Print {
  std::string text;
};

/// Reads the command line and the file that --config names. Throws UsageProblem.
std::variant<RunOptions, ControlOptions, Print> parse_options(int argc, const char* const* argv);

}  // namespace stile::nat::shell
