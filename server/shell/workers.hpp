#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "server/shell/ask_workers.hpp"
#include "server/shell/worker.hpp"

namespace stile::server {

/// The threads that serve clients, from their start to their end.
class Workers {
 public:
  /// One for each of the listeners.
  Workers(const Shared& shared, std::vector<Listeners> listeners);
  ~Workers();

  std::size_t count() const { return inboxes_.size(); }
  /// What each answers; nothing if one does not in time. Not to be called by a worker.
  template <class Ask>
  auto ask(const Ask& question) const {
    return ask_workers(inboxes_, question);
  }
  /// Of all of them together.
  std::optional<ServerCounters> counters() const;

 private:
  std::vector<std::shared_ptr<Inbox>> inboxes_;
  Descriptor wake_;
  std::atomic<bool> stop_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace stile::server
