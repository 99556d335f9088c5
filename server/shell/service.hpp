#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "server/core/resources.hpp"
#include "server/fastpath/kernel_bindings.hpp"
#include "server/fastpath/kernel_relay.hpp"
#include "server/shell/certificates.hpp"
#include "server/shell/control.hpp"
#include "server/shell/options.hpp"
#include "server/shell/refusals.hpp"
#include "server/shell/signals.hpp"
#include "server/shell/workers.hpp"

namespace stile::server {

/// A running server, and what its operator may do with it by signals and by `stile-server ctl`: all
/// of that on the thread that calls run(), the work in between on the workers'.
class Service {
 public:
  using ReadOptions = std::function<Options()>;

  /// Opens everything and starts to serve. `read_again` gives the options as they are written now.
  /// Throws StartError.
  Service(Options options, ReadOptions read_again);
  /// Until it has been told to end, and what it serves has ended or the time for that is over.
  void run();
  /// Whether channels are relayed in the kernel just now.
  bool uses_kernel() const { return kernel_ && kernel_->hindrance().empty(); }

 private:
  Service(Options&& options, ReadOptions&& read_again, std::vector<Listeners>&& listeners);

  Shared shared();
  void say(LogLevel level, std::string_view event, std::string_view message) const;
  void wait();
  void handle_signal(int signal);
  void tick(Instant now);

  // service_reload.cpp
  std::vector<std::string_view> reload();
  void reload_by_signal();
  void reload_users_if_changed();
  std::string users_stamp() const;
  void put_in_force(Options fresh);

  // service_control.cpp
  Control::Commands commands();
  std::string stats() const;
  std::optional<ServerCounters> counters() const;
  std::string kernel_relay_state() const;
  std::string set_log_level(std::string_view name);
  std::string drain_as_asked(std::string_view timeout);

  // service_kernel.cpp
  std::unique_ptr<KernelRelay> start_kernel_relay();
  void answer_in_kernel();
  void look_at_kernel(Instant now);
  void tell_hindrance() const;

  // service_drain.cpp
  void drain(Duration timeout);
  bool has_ended(Instant now) const;
  void tell_end() const;

  Signals signals_;
  Options options_;
  ReadOptions read_again_;
  Instant started_;
  std::optional<Certificates> certificates_;
  std::shared_ptr<Log> log_;
  std::shared_ptr<relay::Resources> resources_;
  std::string users_stamp_;              ///< of the users' file when it was last read
  std::unique_ptr<KernelRelay> kernel_;  ///< null: the workers relay all
  std::optional<KernelBindings> kernel_bindings_;
  std::unique_ptr<Control> control_;  ///< there before anybody is served
  Workers workers_;
  Refusals refusals_;
  std::optional<Instant> ends_at_;  ///< draining: at the latest
};

}  // namespace stile::server
