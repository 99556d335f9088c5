#pragma once

#include <functional>
#include <string>

#include "nat/core/nat.hpp"
#include "nat/portmap/server.hpp"
#include "nat/shell/impairment.hpp"
#include "nat/shell/link.hpp"
#include "nat/shell/next_hops.hpp"
#include "nat/shell/setup.hpp"

namespace stile::nat::shell {

/// What the shell counts on one side.
struct RealmCounters {
  LinkCounters link;
  NextHopCounters next_hops;
};

struct ShellCounters {
  RealmCounters inside;
  RealmCounters outside;
  ImpairmentCounters impairment;
  std::uint64_t log_lines_lost = 0;
  std::uint64_t syslog_messages_lost = 0;
  std::uint64_t ipfix_messages_lost = 0;
  std::optional<portmap::Counters> port_control;  ///< while PCP or NAT-PMP is on
};

// The answers of the control socket, one JSON object on one line each.

/// {"sessions":[{"protocol","inside","external","remote","state" (TCP),"time_left"
/// (seconds),"outbound":{"packets","bytes"}, "inbound":{...}}],
/// "mappings":[{"protocol","inside","external","time_left","description","filters"}]}, those that
/// hosts asked for.
std::string describe_sessions(const Nat& nat, Instant now);
/// Likewise, of sessions that `for_each` hands to what it is given.
using ForEachSession = std::function<void(const std::function<void(const SessionInfo&)>&)>;
std::string describe_sessions(const ForEachSession& for_each);
/// What is translated to what, as a JSON object, and where its log is.
std::string describe_translator_setup(const std::string& what, const RunOptions& options);
/// Counters of a core as a JSON object, and those of the shell beside them.
std::string describe_translator_counters(const std::string& core, const ShellCounters& shell);
std::string describe_setup(const Setup& setup, const RunOptions& options);
std::string describe_counters(const Nat& nat, const ShellCounters& shell);
std::string describe_error(const std::string& what);
std::string describe_flush(std::size_t mappings);
/// The line on standard output once packets flow.
std::string describe_ready(const Setup& setup, const RunOptions& options);

}  // namespace stile::nat::shell
