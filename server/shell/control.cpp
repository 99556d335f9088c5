#include "server/shell/control.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "control/error.hpp"
#include "server/shell/ask_workers.hpp"
#include "server/shell/clock.hpp"
#include "server/shell/control_reports.hpp"
#include "server/shell/options.hpp"
#include "server/shell/start_error.hpp"
#include "server/shell/worker.hpp"

namespace stile::server {

namespace {

const std::string no_answer = describe_error("the server is ending");

}  // namespace

Control::Control(const std::string& path, std::vector<std::shared_ptr<Inbox>> inboxes)
    : inboxes_(std::move(inboxes)),
      started_(steady_now()),
      server_(path, [this](std::string_view line) { return answer(line); }),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

Control::~Control() {
  eventfd_write(stop_.fd(), 1);
  thread_.join();
}

void Control::run() {
  for (;;) {
    pollfd ready[] = {{server_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    if (poll(ready, std::size(ready), -1) < 0) continue;
    if (ready[1].revents != 0) return;
    server_.handle_ready();
  }
}

std::string Control::answer(std::string_view line) const {
  if (line == "list") return list();
  if (line == "stats") return stats();
  const std::size_t space = line.find(' ');
  const std::string_view command = line.substr(0, space);
  if (space == line.npos || (command != "show" && command != "close"))
    return describe_error(fmt::format("'{}' is no command", line));
  const auto relayed = TransportAddress::parse(line.substr(space + 1));
  if (!relayed)
    return describe_error(
        fmt::format("'{}' is no ADDR:PORT; see stile-server ctl list", line.substr(space + 1)));
  return command == "show" ? show(*relayed) : close(*relayed);
}

std::string Control::list() const {
  const auto answers = ask_workers(inboxes_, [](Worker& worker) { return worker.allocations(); });
  if (!answers) return no_answer;
  std::vector<AllocationReport> all;
  for (const auto& part : *answers) all.insert(all.end(), part.begin(), part.end());
  return describe_allocations(all);
}

std::string Control::stats() const {
  const auto answers = ask_workers(inboxes_, [](Worker& worker) { return worker.counters(); });
  if (!answers) return no_answer;
  ServerCounters all;
  for (const ServerCounters& part : *answers) all += part;
  return describe_counters(all, answers->size(), steady_now() - started_);
}

std::string Control::show(const TransportAddress& relayed) const {
  const auto answers = ask_workers(inboxes_, [](Worker& worker) { return worker.allocations(); });
  if (!answers) return no_answer;
  for (const auto& part : *answers)
    for (const AllocationReport& report : part)
      if (report.has(relayed)) return describe_allocation(report);
  return describe_error("there is no allocation at " + relayed.to_string());
}

std::string Control::close(const TransportAddress& relayed) const {
  const auto answers =
      ask_workers(inboxes_, [relayed](Worker& worker) { return worker.close(relayed); });
  if (!answers) return no_answer;
  for (const bool closed : *answers)
    if (closed) return describe_closed(relayed);
  return describe_error("there is no allocation at " + relayed.to_string());
}

std::unique_ptr<Control> open_control(const std::string& path, const std::vector<std::shared_ptr<Inbox>>& inboxes,
                                      Log& log) {
  if (path.empty()) return nullptr;
  try {
    return std::make_unique<Control>(path, inboxes);
  } catch (const control::Error& error) {
    if (path != default_control) throw StartError(error.what());
    log.write(steady_now(), LogLevel::warning, "no-control", {{"message", std::string_view(error.what())}});
    return nullptr;
  }
}

}  // namespace stile::server
