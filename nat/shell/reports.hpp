#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "nat/core/nat.hpp"
#include "nat/ipv6/nat64.hpp"
#include "nat/portmap/server.hpp"
#include "nat/shell/attachment.hpp"
#include "nat/shell/impairment.hpp"
#include "nat/shell/options.hpp"
#include "nat/upnp/publisher.hpp"

namespace stile::nat::shell {

struct ShellCounters {
  RealmCounters inside;
  RealmCounters outside;
  ImpairmentCounters impairment;
  std::uint64_t segment_sizes_lowered = 0;
  std::uint64_t log_lines_lost = 0;
  std::uint64_t syslog_messages_lost = 0;
  std::uint64_t ipfix_messages_lost = 0;
  std::uint64_t pcap_packets_left_out = 0;
  std::uint64_t state_files_lost = 0;  ///< that could not be written
};

// The answers of the control socket, one JSON object on one line each.

/// {"protocol","inside","external","remote","state" (TCP),"time_left" (seconds),
/// "outbound":{"packets","bytes"},"inbound":{...}}, without "remote" and traffic where UDP has no
/// sessions.
std::string describe_session(const SessionInfo& session);
/// {"sessions":[...],
/// "mappings":[{"protocol","inside","external","time_left","description","filters"}]}, those that
/// hosts asked for.
std::string describe_sessions(const Nat& nat, Instant now);
/// Likewise, with IPv6 hosts inside.
std::string describe_sessions(const Nat64& nat64, Instant now);
/// Likewise, of a firewall and the pinholes that hosts asked for.
std::string describe_sessions(const Firewall& firewall, Instant now);
/// {"pcp":{RESULT:NUMBER...},...}
std::string describe_answers(const portmap::Counters& port_control);
/// Behaviour, timers, limits.
std::string describe_setup(const Config& nat, const RunOptions& options);
/// `port_control`: while PCP or NAT-PMP is on; `publisher`: UPnP's, if there is one.
std::string describe_counters(const Nat& nat, const std::optional<portmap::Counters>& port_control,
                              const upnp::Publisher* publisher);
/// {"external":[ADDRESS...]}
std::string describe_external(const Config& nat);
/// `core`, a JSON object, and what the shell has to say beside it.
/// `packets`: how they come inside and outside.
std::string with_shell_setup(const std::string& core, const RunOptions& options,
                             const std::array<std::string_view, 2>& packets);
std::string with_shell_counters(const std::string& core, const ShellCounters& shell);
std::string describe_error(const std::string& what);
std::string describe_flush(std::size_t mappings);
std::string describe_saved(const std::string& path);
/// The line on standard output once packets flow. `purpose`: a JSON object.
std::string describe_ready(const std::string& purpose, const RunOptions& options);

}  // namespace stile::nat::shell
