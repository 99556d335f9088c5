#include "server/shell/workers.hpp"

#include <sys/eventfd.h>

namespace stile::server {

Workers::Workers(const Shared& shared, std::vector<Listeners> listeners)
    : inboxes_(shared.inboxes), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (std::uint32_t i = 0; i < listeners.size(); ++i)
    threads_.emplace_back([this, shared, i, mine = std::move(listeners[i])]() mutable {
      Worker(shared, std::move(mine), i).run(wake_.fd(), stop_);
    });
}

Workers::~Workers() {
  stop_ = true;
  eventfd_write(wake_.fd(), 1);
}

std::optional<ServerCounters> Workers::counters() const {
  const auto answers = ask([](Worker& worker) { return worker.counters(); });
  if (!answers) return std::nullopt;
  ServerCounters all;
  for (const ServerCounters& each : *answers) all += each;
  return all;
}

}  // namespace stile::server
