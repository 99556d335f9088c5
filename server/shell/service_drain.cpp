#include "server/shell/clock.hpp"
#include "server/shell/service.hpp"
#include "server/shell/service_manager.hpp"

namespace stile::server {

/// Nobody gets a new allocation; those that there are may go on for so long.
void Service::drain(Duration timeout) {
  const Instant now = steady_now();
  workers_.ask([](Worker& worker) { return worker.start_draining(); });
  ends_at_ = now + timeout;
  tell_service_manager("STOPPING=1");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout).count();
  log_->write(now, LogLevel::info, "draining",
              {{"allocations", resources_->allocations(now)},
               {"seconds", static_cast<std::uint64_t>(seconds)}});
}

bool Service::has_ended(Instant now) const {
  return ends_at_ && (now >= *ends_at_ || resources_->allocations(now) == 0);
}

void Service::tell_end() const {
  const std::size_t left = resources_->allocations(steady_now());
  log_->write(steady_now(), left == 0 ? LogLevel::info : LogLevel::warning, "ended",
              {{"allocations_cut_off", left}});
}

}  // namespace stile::server
