#include <fmt/format.h>

#include <charconv>

#include "control/error.hpp"
#include "server/shell/clock.hpp"
#include "server/shell/control_allocations.hpp"
#include "server/shell/control_reports.hpp"
#include "server/shell/service.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

namespace {

std::chrono::seconds seconds(std::string_view text) {
  std::uint32_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size())
    throw control::Error(fmt::format("'{}' is no number of seconds", text));
  return std::chrono::seconds(value);
}

}  // namespace

Control::Commands Service::commands() {
  Control::Commands all = allocation_commands(workers_);
  all["stats"] = [this](std::string_view) { return stats(); };
  all["log-level"] = [this](std::string_view name) { return set_log_level(name); };
  all["drain"] = [this](std::string_view timeout) { return drain_as_asked(timeout); };
  all["reload"] = [this](std::string_view) {
    try {
      return describe_reloaded(reload());
    } catch (const StartError& error) {
      throw control::Error(fmt::format("{}; nothing has changed", error.what()));
    }
  };
  return all;
}

std::string Service::stats() const {
  workers_.ask([](Worker& worker) { return worker.count_kernel_flows(); });
  const auto all = counters();
  if (!all) throw control::Error("a worker does not answer; try again");
  return describe_counters(*all, {workers_.count(), steady_now() - started_, ends_at_.has_value(),
                                  kernel_relay_state()});
}

/// Nothing if a worker does not answer.
std::optional<ServerCounters> Service::counters() const {
  auto all = workers_.counters();
  if (!all || !kernel_bindings_) return all;
  const auto [answered, limited] = kernel_bindings_->counters();
  all->relay.binding_requests += answered + limited;
  all->relay.success_responses += answered;
  all->relay.rate_limited += limited;
  all->kernel.bindings = answered;
  return all;
}

/// Until the configuration is read again.
std::string Service::set_log_level(std::string_view name) {
  const auto level = log_level(name);
  if (!level) throw control::Error(fmt::format("'{}' is not error, warning, info or debug", name));
  Log::Settings settings = options_.log;
  settings.level = *level;
  log_->set(settings);
  return describe_log_level(*level);
}

std::string Service::drain_as_asked(std::string_view timeout) {
  drain(timeout.empty() ? options_.drain_timeout : Duration(seconds(timeout)));
  return describe_draining(resources_->allocations(steady_now()), *ends_at_ - steady_now());
}

}  // namespace stile::server
