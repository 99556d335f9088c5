#include "nat/shell/journal.hpp"

#include <utility>

#include "nat/shell/event_text.hpp"

namespace stile::nat::shell {

Journal::Journal(const RunOptions& options, const Config& nat) : detail_(options.log_detail) {
  if (options.log) log_.emplace(*options.log);
  if (options.syslog) syslog_.emplace(*options.syslog);
  if (options.ipfix) ipfix_.emplace(*options.ipfix, nat);
}

void Journal::add(const Event& event) {
  if (!is_logged(event, detail_)) return;
  const std::string time = utc_now();
  std::string text = describe_event(event, time);
  if (log_) log_->add(text);
  if (syslog_) syslog_->add(text, time);
  if (ipfix_) ipfix_->add(event);
  recent_.add(std::move(text));
}

void Journal::flush() {
  if (log_) log_->flush();
}

void Journal::reopen() {
  if (log_) log_->reopen();
}

std::optional<std::string> Journal::answer(std::string_view command) const {
  const auto since = watched_since(command, recent_.next());
  return since ? std::optional(recent_.describe_since(*since)) : std::nullopt;
}

void Journal::count_losses(ShellCounters& counters) const {
  if (log_) counters.log_lines_lost = log_->lines_lost();
  if (syslog_) counters.syslog_messages_lost = syslog_->messages_lost();
  if (ipfix_) counters.ipfix_messages_lost = ipfix_->messages_lost();
}

}  // namespace stile::nat::shell
