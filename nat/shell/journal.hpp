#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nat/shell/ipfix.hpp"
#include "nat/shell/mapping_log.hpp"
#include "nat/shell/options.hpp"
#include "nat/shell/recent_events.hpp"
#include "nat/shell/reports.hpp"
#include "nat/shell/syslog_sender.hpp"

namespace stile::nat::shell {

/// Where events go, as far as the options want: the log, syslog, IPFIX, and those who watch.
class Journal {
 public:
  /// Throws Problem.
  Journal(const RunOptions& options, const Config& nat);

  void add(const Event& event);
  /// Writes what has been added.
  void flush();
  /// After the log was moved away (SIGHUP).
  void reopen();
  /// So much from now on.
  void log(LogDetail detail) { detail_ = detail; }
  /// Of `watch`; nothing for another command.
  std::optional<std::string> answer(std::string_view command) const;
  void count_losses(ShellCounters& counters) const;

 private:
  LogDetail detail_;
  std::optional<MappingLog> log_;
  std::optional<SyslogSender> syslog_;
  std::optional<IpfixExporter> ipfix_;
  RecentEvents recent_;
};

}  // namespace stile::nat::shell
